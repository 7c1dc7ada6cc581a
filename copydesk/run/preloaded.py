"""What worker processes share: imported and built once, in the process they are forked from (see workers.local)."""

from __future__ import annotations

from copydesk.garbage import uncollected

with uncollected():  # which freezes it: a collection would write to the memory that is shared, and so copy it
    import cleaners
    from copydesk import urls
    from copydesk.articles import cleaning
    from copydesk.run import process, publish
    from copydesk.settings import Settings
    from copydesk.templates import applying
    from copydesk.workers.spare import spare_pandas

    spare_pandas()
    # Most texts are in English, and are cleaned with the rules that come with copydesk.
    cleaning.cleaner(Settings()).clean_many([cleaners.Source("Advertisement", language="en")])
    urls.registrable_domain("https://example.com/")  # reads the list of suffixes

__all__ = ["applying", "process", "publish"]
