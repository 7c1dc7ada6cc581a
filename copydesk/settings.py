"""One model of all settings: the command line, the flow's parameters and copydesk.toml are this and nothing else."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import pydantic
from pydantic import BaseModel, ConfigDict, Field, field_validator

from copydesk import objects
from copydesk.errors import UsageError
from copydesk.terminal import printable, utf8

MIB = 1024 * 1024

ELEMENTS = 100_000
"""Of a page. The largest of 927 pages of news had 5,145. From some 20,000 the extractor's time grows faster than the
page: 25,000 take it about a second, 100,000 some 15 s."""

RECORD_FIELDS = (
    "text", "html", "id", "url", "title", "authors", "date", "modified", "publisher", "language", "section", "tags",
)  # fmt: skip
"""The names that a record's fields are known by; `map` gives a source's other names for them."""


def available_cpus() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Settings(BaseModel):
    """What a run is told. Sizes are bytes."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    inputs: tuple[str, ...] = ()
    """Files, folders, globs, URLs of object storage (s3://bucket/prefix), or `-` for JSONL on standard input."""

    output: Path | str = Path("output")
    """The folder that holds the datasets, or its URL in object storage (s3://bucket/prefix)."""

    map: dict[str, str] = Field(default_factory=dict)
    """Other names of a record's fields: {"title": "headline"} reads the title from `headline`."""

    workers: Annotated[int, Field(ge=1, le=256)] = Field(default_factory=available_cpus)
    """Worker processes. One means: all in this process."""

    engine: str = "local"
    """Where the stages run: `local`, in worker processes here, or on a Dask cluster, as dask://HOST:8786."""

    shard_bytes: Annotated[int, Field(ge=64 * 1024)] = 16 * MIB
    """How much input a shard holds at the most, before decompression; files larger than this are split."""

    max_item_bytes: Annotated[int, Field(ge=1024, le=1024 * MIB)] = 32 * MIB
    """The largest article that is read; a larger one is rejected."""

    item_seconds: Annotated[float, Field(gt=0, le=86_400)] = 60.0
    """Processor seconds that one article may take; one that takes longer is rejected."""

    page_elements: Annotated[int, Field(ge=1000, le=10_000_000)] = ELEMENTS
    """The most elements of a page that is read; one that has more is rejected."""

    reject_bytes: Annotated[int, Field(ge=0, le=MIB)] = 4096
    """How many bytes of a rejected item are kept."""

    wait: Annotated[float, Field(ge=0, le=604_800)] = 0.0
    """Seconds to wait for another run on the same output to end, before this one is refused (exit code 3)."""

    learn: bool = True
    """Take out lines that a site repeats in story after story, as learned from the output and the run."""

    rules: tuple[Path, ...] = ()
    """Rules of your own: TOML files, or folders of them, beside those that come with copydesk."""

    without: tuple[str, ...] = ()
    """Rules and categories that are switched off: what they would take out stays in the text."""

    guard: bool = True
    """Stop a run whose figures are out of all proportion before its commit (exit code 5)."""

    guard_removed_share: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Guard: the largest share of a publisher's characters that cleaning may remove (50 items and more)."""

    guard_duplicate_share: Annotated[float, Field(gt=0, le=1)] = 0.8
    """Guard: the largest share of a publisher's texts that may be copies, not word for word, of its others (200+)."""

    guard_story_share: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Guard: the largest share of a run's different texts that may belong to one story."""

    guard_story_texts: Annotated[int, Field(ge=1)] = 1000
    """Guard: a story of no more texts than this is never too large."""

    @field_validator("output", mode="before")
    @classmethod
    def _path_or_url(cls, value: Any) -> Any:
        if not isinstance(value, str | Path):
            raise ValueError("must be a path or a URL")
        if isinstance(value, str) and not value.strip():  # as of `-o "$OUT"` where nobody has set OUT
            raise ValueError("must be a path or a URL, not blank; this folder is .")
        if not _is_unicode(str(value)):
            raise ValueError(f"must be UTF-8, not {str(value)!r}")
        return Path(value) if isinstance(value, str) and not objects.is_url(value) else value

    @field_validator("map")
    @classmethod
    def _known_fields(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value) - set(RECORD_FIELDS))
        if unknown:
            raise ValueError(f"unknown field {printable(', '.join(unknown))}; a record has {', '.join(RECORD_FIELDS)}")
        if blank := sorted(ours for ours, theirs in value.items() if not theirs.strip()):
            raise ValueError(f"no name is given for {', '.join(blank)}")
        if odd := [theirs for theirs in value.values() if not _is_unicode(theirs)]:
            raise ValueError(f"must be UTF-8, not {odd[0]!r}")
        return value

    @field_validator("engine")
    @classmethod
    def _known_engine(cls, value: str) -> str:
        if not re.fullmatch(r"local|dask://[^\s/:]+:\d{1,5}", value):
            raise ValueError(f"must be local or a Dask scheduler, as dask://HOST:8786, not {value!r}")
        return value

    @property
    def reading(self) -> str:
        """What a file's items depend on besides its bytes; files read under another value are read again."""
        elements = "" if self.page_elements == ELEMENTS else f" page_elements={self.page_elements}"
        return f"map={sorted(self.map.items())} max_item_bytes={self.max_item_bytes}{elements}"

    def as_json(self) -> str:
        """As a JSON object. U+FFFD stands for what is not UTF-8 in the name of a file or a field."""
        return utf8(json.dumps(self.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":")))


def _is_unicode(text: str) -> bool:
    """Whether it can be written as UTF-8: what a shell passes on need not be."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


def load(values: dict[str, Any]) -> Settings:
    """Settings from plain values. Raises UsageError that names each setting that is wrong, and how."""
    try:
        return Settings(**values)
    except pydantic.ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc']))}: {_in_words(e['type'], e)}" for e in error.errors())
        raise UsageError(f"settings: {faults} (`copydesk settings` lists all)") from None


_WORDS = {
    "extra_forbidden": "there is no such setting",
    "int_": "must be a whole number",
    "float_": "must be a number",
    "bool_": "must be true or false",
    "string_": "must be text",
    "path_": "must be a path",
    "dict_": "must be a table of names",
    "tuple_": "must be a list",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
}
"""What pydantic's kinds of errors mean, by how they begin."""


def _in_words(kind: str, error: Mapping[str, Any]) -> str:
    context = error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    words = next((words for begins, words in _WORDS.items() if kind.startswith(begins)), error["msg"])
    given = error["input"]
    if kind == "extra_forbidden":
        alike = difflib.get_close_matches(str(error["loc"][0]).replace("-", "_"), Settings.model_fields, 1)
        return words + "".join(f"; did you mean {name}?" for name in alike)
    told = f", not {given!r}" if isinstance(given, str | int | float) else ""
    return words.format(**context) + told
