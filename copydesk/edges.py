"""Judged pairs (similarity.py) as the edges from which stories are made (stories.py)."""

from __future__ import annotations

import numpy as np

from copydesk.similarity import (
    EMBEDS,
    I8,
    I64,
    NONE,
    OVERLAP,
    STRONG,
    WEAK,
    Figures,
    under_another_lead,
)
from copydesk.stories import Edge, Tie

TIES: dict[int, Tie] = {OVERLAP: "overlap", EMBEDS: "embeds", WEAK: "weak", STRONG: "strong"}


def edges_of(a: I64, b: I64, figures: Figures, verdicts: I8) -> list[Edge]:
    """The pairs (a[k], b[k]) of nodes that say anything, in order."""
    a_is_longer = figures.a_size >= figures.b_size
    held = np.where(a_is_longer, figures.b_in_a, figures.a_in_b)
    share = np.where(a_is_longer, figures.a_in_b, figures.b_in_a)
    longer = np.where(held >= 0.5, np.where(a_is_longer, a, b), -1)
    most = np.maximum(figures.a_in_b, figures.b_in_a)
    under = under_another_lead(figures)
    return [
        Edge(
            int(a[k]),
            int(b[k]),
            TIES[verdicts[k]],
            (float(figures.jaccard[k]), float(most[k])),
            int(longer[k]),
            float(share[k]),
            bool(under[k]),
        )
        for k in np.flatnonzero(verdicts != NONE).tolist()
    ]
