"""Thrift's compact protocol, as much of it as the headers of Parquet's pages need.

Source: github.com/apache/thrift, doc/specs/thrift-compact-protocol.md; no maps and no doubles are in such a header.
"""

from __future__ import annotations

from typing import Any

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_DEEPEST = 16  # of structs and lists in a header; there are three


class Short(Exception):
    """More bytes are needed."""


def struct(data: bytes, at: int = 0, depth: int = 0) -> tuple[dict[int, Any], int]:
    """The struct that begins at `at`: its values by the numbers of their fields; and where it ends.

    Raises Short if the data end before it, ValueError for what is no struct or a deep one.
    """
    fields: dict[int, Any] = {}
    number = 0
    head, at = _byte(data, at)
    while head:
        if head >> 4:
            number += head >> 4
        else:
            number, at = _integer(data, at)
        fields[number], at = _value(data, at, head & 15, depth)
        head, at = _byte(data, at)
    return fields, at


def _value(data: bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    if depth > _DEEPEST:
        raise ValueError("a struct of Thrift that is too deep")
    if kind <= _FALSE:
        return kind == _TRUE, at
    if kind == _BYTE:
        return _byte(data, at)
    if kind < _DOUBLE:
        return _integer(data, at)
    if kind == _BINARY:
        size, at = _unsigned(data, at)
        if at + size > len(data):
            raise Short
        return data[at : at + size], at + size
    if kind in (_LIST, _SET):
        return _list(data, at, depth)
    if kind == _STRUCT:
        return struct(data, at, depth + 1)
    raise ValueError(f"a struct of Thrift with a field of type {kind}")


def _list(data: bytes, at: int, depth: int) -> tuple[list[Any], int]:
    head, at = _byte(data, at)
    count, kind = head >> 4, head & 15
    if count == 15:
        count, at = _unsigned(data, at)
    values = []
    for _ in range(count):
        value, at = _value(data, at, _BYTE if kind <= _FALSE else kind, depth + 1)
        values.append(value)
    return values, at


def _integer(data: bytes, at: int) -> tuple[int, int]:
    value, at = _unsigned(data, at)
    return value >> 1 ^ -(value & 1), at  # zigzag


def _unsigned(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        byte, at = _byte(data, at)
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number of Thrift that is too long")


def _byte(data: bytes, at: int) -> tuple[int, int]:
    if at >= len(data):
        raise Short
    return data[at], at + 1
