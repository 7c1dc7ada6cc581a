"""A run from its inputs to its commit, stage by stage."""
