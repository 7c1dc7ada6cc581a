"""Which item a record is of."""

from __future__ import annotations

import pytest

from copydesk.articles.records import item_key
from copydesk.model import Item, Metadata

FILE, STDIN = "file:///in/a.jsonl", "-"
URL, PAPER = Metadata(canonical_url="https://a.example/1"), Metadata(publisher="Ferry Post")


@pytest.mark.parametrize(
    ("source_uri", "own_id", "known", "key"),
    [
        (FILE, True, URL, "https://a.example/1"),
        (FILE, True, PAPER, "Ferry Post/7"),
        (FILE, False, PAPER, "file:///in/a.jsonl#sha256:" + "ab" * 16),
        (FILE, True, Metadata(), "file:///in/a.jsonl#7"),
        (STDIN, True, PAPER, "Ferry Post/7"),
        (STDIN, True, Metadata(), "-#7"),
        (STDIN, False, URL, "https://a.example/1"),
        (STDIN, False, PAPER, "-#sha256:" + "ab" * 16),
    ],
)
def test_an_item_is_known_by_its_url_its_id_or_its_place(
    source_uri: str, own_id: bool, known: Metadata, key: str
) -> None:
    item = Item(source_uri, "jsonl", "7", b"{}", own_id=own_id)
    assert item_key(item, known, "ab" * 32) == key


def test_a_file_of_one_article_is_the_same_item_whatever_it_holds() -> None:
    item = Item("file:///in/a.txt", "text", "a", b"anything")
    assert item_key(item, Metadata(), "ab" * 32) == "file:///in/a.txt#a"
