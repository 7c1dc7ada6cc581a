"""The engine: scraped articles in, clean and deduplicated Parquet out.

>>> import copydesk
>>> articles = copydesk.open_dataset("output", "articles")  # a pyarrow dataset of what committed runs published
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from copydesk.store.dataset import duckdb_views, open_dataset

__all__ = ["duckdb_views", "open_dataset"]


def __getattr__(name: str) -> Any:
    """Imported when first asked for: the command line must not wait for what it does not use."""
    if name in __all__:
        from copydesk.store import dataset

        return getattr(dataset, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
