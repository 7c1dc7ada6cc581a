"""Telling copies: tokens, shingles, signatures, candidates, verified pairs, stories; and the index that remembers."""
