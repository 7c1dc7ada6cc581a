"""What the fuzzers call: any bytes in, a broken promise comes out as an exception.

A target never raises for bytes that are merely bad: those give an ItemError or a Reject, which it checks.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import cast, get_args

import orjson

from cleaners import clean, restore
from copydesk import sources, urls
from copydesk.articles import documents, metadata
from copydesk.articles.parts import RECORDS
from copydesk.errors import ItemError
from copydesk.model import Format, Item, Reject, Shard, SourceFile
from copydesk.pages import dates, jsonld, page
from copydesk.pages.extract import extract
from copydesk.run.process import process
from copydesk.settings import Settings
from copydesk.sources.sniff import sniff
from copydesk.sources.stream import compression_of
from copydesk.text import language
from copydesk.text.decode import declared_charset, decode
from copydesk.text.mend import mend
from tests.copydesk.made_pages import from_page

FORMATS = cast(tuple[Format, ...], get_args(Format))
LABELS = (None, "utf-8", "iso-8859-1", "utf-16", "shift_jis", "gb18030", "iso2022_jp", "hz", "utf-32", "nonsense", "")
LANGUAGES = (None, "en", "de", "fr", "zh", "ar")
SETTINGS = Settings(max_item_bytes=64 * 1024, workers=1)


@cache
def folder() -> Path:
    """A folder for the bytes under test, in memory where there is one such."""
    memory = "/dev/shm"
    return Path(tempfile.mkdtemp(prefix="fuzz", dir=memory if os.access(memory, os.W_OK) else None))


def _file(data: bytes, name: str = "input") -> SourceFile:
    path = folder() / name
    path.write_bytes(data)
    return SourceFile(path.as_uri(), str(path), len(data), path.stat().st_mtime_ns, "text")


def _text(data: bytes) -> str:
    """Lone surrogates among them, where the bytes spell them."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def _is_utf8(*texts: str | None) -> None:
    for text in texts:
        if text is not None:
            text.encode()


def decoding(data: bytes) -> None:
    label, content = LABELS[data[0] % len(LABELS)] if data else None, data[1:]
    try:
        decoded = decode(content, label)
    except ItemError:
        return
    text, _ = mend(decoded.text)
    _is_utf8(text)
    assert "\r" not in text
    assert "\x1b" not in text
    assert "\0" not in text
    declared_charset(content, _text(content[:64]))


def mending(data: bytes) -> None:
    text, _ = mend(data.decode("utf-8", "surrogatepass") if _valid(data) else data.decode("utf-16-le", "surrogatepass"))
    _is_utf8(text)
    assert not {"\x1b", "\r", "\0"} & set(text)


def _valid(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        try:
            data.decode("utf-16-le", "surrogatepass")
        except UnicodeDecodeError:
            raise _NotForThis from None
        return False
    return True


class _NotForThis(Exception):
    """These bytes are no input of the target."""


def source(data: bytes, kind: Format) -> None:
    """One file read whole and in two parts: the same items."""
    plain = _file(data)
    file = replace(plain, format=kind, compression=compression_of(data))
    whole = list(sources.read(Shard(0, (file,)), SETTINGS))
    assert whole
    for found in whole:
        assert found.source_uri == file.uri
        _is_utf8(found.source_id)
        assert not (isinstance(found, Reject) and found.error == "internal"), found
    halves = [list(sources.read(Shard(0, (file,), part, 2), SETTINGS)) for part in range(2)]
    key = repr
    assert sorted(map(key, itertools.chain(*halves))) == sorted(map(key, whole))


def everything(data: bytes) -> None:
    """A file as a run takes it: recognized, read, decoded, extracted, cleaned, described, sketched, written."""
    file = _file(data, ("any", "any.html", "any.jsonl", "any.csv")[data[0] % 4] if data else "any")
    try:
        kind, compression = sniff(file)
    except ItemError:
        return
    file = replace(file, format=kind, compression=compression)
    [part] = process(Shard(0, (file,)), SETTINGS, folder())
    assert part.records + part.rejects
    assert not {"internal", "timeout"} & set(part.read("rejects")["error"].to_pylist())
    assert part.read("records").schema == RECORDS


def cleaning(data: bytes) -> None:
    tag = LANGUAGES[data[0] % len(LANGUAGES)] if data else None
    text = _text(data[1:])
    title = text.partition("\n")[0] if data and data[0] & 64 else None
    done = clean(text, title=title, language=tag)
    assert restore(done.text, done.removals) == text
    metadata.with_fields(metadata.Metadata(language=tag), done.fields)


def dating(data: bytes) -> None:
    text = _text(data[1:])
    tag = LANGUAGES[data[0] % len(LANGUAGES)] if data else None
    found = dates.parse(text, "record", language=tag)
    assert found is None or found.value.utcoffset() is not None
    dates.from_url(text)
    for number in (int, float):
        try:
            value = number(text[:400])
        except (ValueError, OverflowError):
            continue
        dates.parse(value, "record")


def addressing(data: bytes) -> None:
    text = _text(data)
    url = urls.canonical(text)
    if url is not None:
        assert urls.canonical(url) == url
        _is_utf8(url)
    _is_utf8(urls.registrable_domain(text))
    language.normalized(text)
    language.detect(text)


def recording(data: bytes) -> None:
    """A record of any JSON: metadata and document."""
    try:
        record = orjson.loads(data)
    except orjson.JSONDecodeError:
        return
    if not isinstance(record, dict):
        return
    _described(metadata.from_record(record))
    try:
        documents.read(Item("file:///x", "jsonl", "1", data, record=record), SETTINGS)
    except ItemError:
        return


def _described(told: metadata.Metadata) -> None:
    _is_utf8(told.url, told.canonical_url, told.publisher, told.title, told.section, told.credit, told.language)
    _is_utf8(told.license, told.robots, told.tdm_reservation, *told.authors, *told.tags)


def paging(data: bytes) -> None:
    html = _text(data)
    _described(page.read(html, None, {}).metadata)
    jsonld.load([html])


def extracting(data: bytes) -> None:
    html = _text(data)
    with suppress(ItemError):
        extract(html)
    _described(from_page(html, "https://www.outlet.example/2026/03/01/a"))


def _sources(kind: Format) -> Callable[[bytes], None]:
    return lambda data: source(data, kind)


_ALL: dict[str, Callable[[bytes], None]] = {
    "decoding": decoding,
    "mending": mending,
    "cleaning": cleaning,
    "dating": dating,
    "addressing": addressing,
    "recording": recording,
    "paging": paging,
    "extracting": extracting,
    "everything": everything,
    **{f"source_{kind}": _sources(kind) for kind in FORMATS},
}
NAMES = tuple(_ALL)


def run(name: str, data: bytes) -> None:
    """One target with one input. Raises whatever breaks."""
    try:
        _ALL[name](data)
    except _NotForThis:
        return
