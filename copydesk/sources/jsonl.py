"""JSON lines; and JSON files that hold one object, an array of objects, or objects on several lines each."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any

import orjson

from copydesk.errors import ItemError
from copydesk.model import Item, Reject
from copydesk.sources.base import Reading, record_id
from copydesk.sources.lines import Piece, lines, values
from copydesk.sources.stream import as_utf8, chunks, span_chunks

_MARK = codecs.BOM_UTF8
_BEGINNING = re.compile(rb'\s*+(?:\{\s*+["}]|\[\s*+[{\]])')


def looks_like(head: bytes) -> bool:
    """Whether a source that begins so is JSON that holds objects."""
    return bool(_BEGINNING.match(head))


def is_plain(head: bytes) -> bool:
    """Whether a source that begins so is UTF-8, a value a line: any line can be read without those before it."""
    return not head.startswith((_MARK, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not is_document(head)


def begins_well(head: bytes) -> bool:
    """Whether the first line is a whole JSON object or array, or what looks like JSON goes on for lines."""
    line = head.lstrip().partition(b"\n")[0]
    try:
        return isinstance(orjson.loads(line), dict | list)
    except orjson.JSONDecodeError:
        return is_document(head) or len(line) == len(head.lstrip())


def is_document(head: bytes) -> bool:
    """Whether JSON that begins so is not one value a line: an array, or an object spread over lines."""
    start = head.lstrip()
    line, newline, _ = start.partition(b"\n")
    if not looks_like(start):
        return False
    if not newline:
        return start.startswith(b"[")
    try:
        return isinstance(orjson.loads(line), list)
    except orjson.JSONDecodeError:
        # A line of JSONL that broke off could end so too, but hardly the first of a file.
        return line.rstrip().endswith((b"{", b"[", b","))


def read(reading: Reading) -> Iterator[Item | Reject]:
    """One Item a value, one Reject a value that is not an object."""
    by_line: Callable[..., Iterator[Piece]] = partial(lines, skip_empty=True)
    if (span := reading.span) is not None:
        data, transcoded, shift, split = span_chunks(reading.file, span.start, span.stop), False, span.start, by_line
    else:
        data, transcoded = as_utf8(chunks(reading.file))
        head = next(data, b"")
        shift = 3 if head.startswith(_MARK) else 0
        data = chain([head[shift:]], data)
        split = values if is_document(head[shift:]) else by_line
    settings = reading.settings
    for piece in split(data, settings.max_item_bytes, settings.reject_bytes):
        if piece.whole and (not piece.data or piece.data.isspace()):
            continue
        if not reading.claim():
            continue
        number = str(reading.number)
        if not piece.whole:
            yield reading.too_large("a line", piece.size, piece.data, number)
            continue
        try:
            record = reading.mapped(parse(piece.data))
            if _is_rounded(record.get("id")):
                record = reading.mapped(_exact(piece.data))
        except ItemError as error:
            yield reading.reject(error, piece.data, number)
            continue
        yield _item(reading, record, piece, None if transcoded else piece.offset + shift)


def _is_rounded(number: Any) -> bool:
    """Whether an id may have been a whole number of more than 64 bits: orjson makes floats of these, many the same."""
    return isinstance(number, float) and abs(number) >= 2**63


def _item(reading: Reading, record: dict[str, Any], piece: Piece, offset: int | None) -> Item:
    own = record_id(record)
    return Item(
        source_uri=reading.file.uri,
        source_format="jsonl",
        source_id=str(reading.number) if own is None else own,
        own_id=own is not None,
        content=piece.data,
        offset=offset,
        length=None if offset is None else piece.size,
        record=record,
    )


def parse(data: bytes) -> dict[str, Any]:
    """The object in a line of JSON. Raises ItemError: utf-8, json, not-an-object.

    Takes what Python's own parser takes and the standard does not (NaN, lone surrogates, bare control characters):
    scrapers write such lines.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        value = _lenient(data, error)
    if not isinstance(value, dict):
        kind = {list: "an array", str: "a string", type(None): "null"}.get(type(value), "a number or boolean")
        raise ItemError("read", "not-an-object", f"the line is {kind}; a record is a JSON object with `text` or `html`")
    return value


def _exact(data: bytes) -> dict[str, Any]:
    """What parse() gives, with numbers of any length. Raises ItemError where only they can be read."""
    try:
        value: dict[str, Any] = json.loads(data, strict=False)
    except (RecursionError, ValueError):
        raise ItemError("read", "json", "not valid JSON: nested too deeply") from None
    return value


def _told(fault: Exception, length: int) -> str:
    """What is wrong with a line of JSON, and where; orjson says `line 1` of each, and then column and character."""
    words = str(fault).partition(": line ")[0]
    place = getattr(fault, "pos", length)
    return f"{words}: the line may have been cut" if place >= length else f"{words} (at character {place + 1})"


def _lenient(data: bytes, first: Exception) -> Any:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = f"not UTF-8 ({error.reason} at byte {error.start}); JSON is UTF-8: convert the file"
        raise ItemError("decode", "utf-8", message) from None
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise ItemError("read", "json", "not valid JSON: nested too deeply") from None
    except ValueError:
        raise ItemError("read", "json", f"not valid JSON: {_told(first, len(text))}") from None
