"""Named points of a run at which tests kill it.

Callers write `points.checkpoint("name")`, through the module, so that a test can put its own function in place:
one that counts, or one that ends the process there. docs/decisions/0001-commit.md says what holds at each.
"""

from __future__ import annotations


def checkpoint(name: str) -> None:
    """Does nothing. `name`: what has just been done, or is about to be."""
