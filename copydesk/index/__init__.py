"""What is remembered from run to run: segments of entries, band keys and lines; one index of them all."""
