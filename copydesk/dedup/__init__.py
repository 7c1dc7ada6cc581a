"""Which texts are copies: candidates, verified pairs, stories; against the run itself and all that was before."""
