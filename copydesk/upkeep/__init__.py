"""What is done to an output between runs: maintain, verify, repair, forget, reclean."""
