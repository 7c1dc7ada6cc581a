"""Imported by every Python process whose PYTHONPATH names this folder: makes some items deadly, by words in them."""

from __future__ import annotations

import os
import resource
import signal
import time
from collections.abc import Sequence
from typing import Any

from copydesk.articles import documents
from copydesk.model import Document, Item
from copydesk.settings import Settings
from copydesk.sources import jsonl

_read, _read_texts, _parse = documents.read, documents.read_texts, jsonl.parse


def read(item: Item, settings: Settings) -> Document:
    _meet(item)
    return _read(item, settings)


def read_texts(items: Sequence[Item]) -> list[Document | None]:
    for item in items:
        _meet(item)
    return _read_texts(items)


def _meet(item: Item) -> None:
    if b"KILL THE EXTRACTOR" in item.content:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"KILL ONCE" in item.content and not os.path.exists(os.environ["DEADLY_ONCE"]):
        open(os.environ["DEADLY_ONCE"], "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    if b"EXIT ONCE" in item.content and not os.path.exists(os.environ["DEADLY_ONCE"]):
        open(os.environ["DEADLY_ONCE"], "w").close()
        raise SystemExit(1)
    if b"NEVER ENDS" in item.content:
        while True:
            pass
    if b"SLEEPS" in item.content:
        time.sleep(3600)
    if b"EATS MEMORY" in item.content:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, resource.getrlimit(resource.RLIMIT_AS)[1]))
        bytearray(8 << 30)
    if b"BREAKS" in item.content:
        raise KeyError("nobody thought of it")


def parse(data: bytes) -> dict[str, Any]:
    if b"KILL THE READER" in data:
        os.kill(os.getpid(), signal.SIGKILL)
    return _parse(data)


documents.read, documents.read_texts, jsonl.parse = read, read_texts, parse
