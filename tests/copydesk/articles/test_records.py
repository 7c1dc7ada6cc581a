"""Which item a record is of, and what its row says."""

from __future__ import annotations

import hashlib
from typing import Any

import pyarrow as pa
import pytest

from cleaners import Fields
from copydesk.articles.records import TOLD, described, item_key, record_id
from copydesk.errors import ItemError
from copydesk.model import Document, Item, Metadata

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


def document(name: str, **known: Any) -> Document:
    item = Item(FILE, "jsonl", name, f"{{{name}}}".encode(), own_id=True)
    return Document(item, "The ferry is late.", Metadata(**known), flags=("live",))


def test_records_made_together_are_as_each_alone() -> None:
    some = [document("1", title="Ferry late", authors=("Ada Lind",)), document("2"), document("3", publisher="Post")]
    counts = [4, 2, 1], [18, 9, 4], [0, 9, 30]
    found = described(some, *counts, {1: Fields(title="A ferry")})
    assert found.schema == TOLD
    alone = [
        described([one], *([numbers[n]] for numbers in counts), {0: Fields(title="A ferry")} if n == 1 else {})
        for n, one in enumerate(some)
    ]
    assert found.to_pylist() == pa.concat_tables(alone).to_pylist()
    assert found["title"].to_pylist() == ["Ferry late", "A ferry", None]
    assert found["authors"].to_pylist() == [["Ada Lind"], [], []]
    assert found["flags"].to_pylist() == [["live"], ["live"], ["live", "mostly-removed"]]
    assert found["source_text_sha256"][0].as_py() == hashlib.sha256(b"The ferry is late.").hexdigest()
    assert found["id"][2].as_py() == record_id("Post/3", hashlib.sha256(b"{3}").hexdigest())


def test_half_a_pair_of_utf_16_spoils_only_itself() -> None:
    some = [document("1", title="Ferry \ud83d late", tags=("a\udc00", "b")), document("2", publisher="P\ud800st")]
    found = described(some, [4, 4], [18, 18], [0, 0], {})
    assert found["title"].to_pylist() == ["Ferry \ufffd late", None]
    assert found["tags"].to_pylist() == [["a\ufffd", "b"], []]
    assert found["item_key"].to_pylist() == [f"{FILE}#1", "P\ufffdst/2"]


def test_a_text_of_which_nothing_is_left_is_no_record() -> None:
    with pytest.raises(ItemError, match="nothing is left") as caught:
        described([document("1"), document("2")], [4, 0], [18, 0], [0, 18], {})
    assert (caught.value.stage, caught.value.error) == ("clean", "nothing-left")


def test_no_documents_are_no_rows() -> None:
    assert described([], [], [], [], {}).to_pylist() == []
