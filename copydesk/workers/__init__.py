"""Processes that do the stages: of this machine or of a Dask cluster, which may die; what they cost."""
