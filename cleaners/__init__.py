"""Take what is not the story out of scraped news: text in, spans out.

>>> from cleaners import clean, restore
>>> done = clean("It rained all day in the valley.\\n\\nAdvertisement\\n\\nThe river rose.")
>>> done.text
'It rained all day in the valley.\\n\\nThe river rose.'
>>> restore(done.text, done.removals) == "It rained all day in the valley.\\n\\nAdvertisement\\n\\nThe river rose."
True
"""

from cleaners.cleaning import Cleaner, Source, clean, clean_many
from cleaners.span import Cleaned, Fields, Removal, Span, apply, restore

__all__ = ["Cleaned", "Cleaner", "Fields", "Removal", "Source", "Span", "apply", "clean", "clean_many", "restore"]
