"""What worker processes share where there is much to do: what they always do, and compiled loops besides."""

from __future__ import annotations

from copydesk.garbage import uncollected

MUCH = 4 << 20
"""Bytes of text: enough that every process would load what an earlier one compiled, too few to compile anything for."""

with uncollected():
    from cleaners.cleaning import rehearse
    from cleaners.reader import expect, is_compiled
    from copydesk.articles import cleaning
    from copydesk.settings import Settings

    expect(MUCH)
    if is_compiled():
        cleaning.cleaner(Settings()).expect(MUCH)
        rehearse()
    from copydesk.run import preloaded

__all__ = ["preloaded"]
