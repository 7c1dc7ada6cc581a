"""Texts as such: from bytes to characters, in which language, and what two of them share."""
