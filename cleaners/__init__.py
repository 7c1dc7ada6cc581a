"""Take what is not the story out of scraped news: text in, spans out.

>>> from cleaners import clean, restore
>>> done = clean("It rained all day in the valley.\\n\\nAdvertisement\\n\\nThe river rose.")
>>> done.text
'It rained all day in the valley.\\n\\nThe river rose.'
>>> restore(done.text, done.removals) == "It rained all day in the valley.\\n\\nAdvertisement\\n\\nThe river rose."
True
"""

from cleaners.cleaning import Cleaner, Source, clean, clean_many
from cleaners.explaining import Explained, explain
from cleaners.span import Cleaned, Fields, Removal, Span, Vetoed, apply, restore

__all__ = [
    "Cleaned",
    "Cleaner",
    "Explained",
    "Fields",
    "Removal",
    "Source",
    "Span",
    "Vetoed",
    "apply",
    "clean",
    "clean_many",
    "explain",
    "restore",
]
