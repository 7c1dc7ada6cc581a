"""Builds the files of seeds/ that are not written by hand: `python -m tests.tools.make_seeds`.

The stories lie beside this file in stories/, readable and without any dress; here they are put into records, archives,
other encodings and compressed files. Same stories, same bytes: no clock, no chance. (What zlib makes of them may differ
from one version of zlib to the next, what it unpacks to does not; the test compares that.)
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
import struct
import uuid
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

STORIES = Path(__file__).parent / "stories"
SEEDS = Path(__file__).parents[2] / "seeds"

WRITTEN_BY_HAND = (
    "bad/no-content.html",
    "html/lido.html",
    "html/mercado.html",
    "text/library-roof.txt",
    "text/night-ferry.txt",
    "text/orchard-sale.txt",
    "text/river-rescue.txt",
)

WIRE_TITLE = "Last slate quarry in the Bray hills to close after 212 years"
BUS_TITLE = "School bus slides off icy road at Garrick's Bend"


def story(name: str) -> str:
    """The text of a story, without the line break at its end."""
    return (STORIES / name).read_text(encoding="utf-8").removesuffix("\n")


def paragraphs(name: str) -> list[str]:
    return story(name).split("\n\n")


# -- containers


def gz(content: bytes) -> bytes:
    """One gzip member without name and time (RFC 1952)."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return _member(deflate.compress(content) + deflate.flush(), content)


def gz_stored(content: bytes) -> bytes:
    """One gzip member of a single stored block: the same bytes under any zlib. content: at most 65535 bytes."""
    header = struct.pack("<BHH", 1, len(content), len(content) ^ 0xFFFF)
    return _member(header + content, content)


def _member(deflated: bytes, content: bytes) -> bytes:
    header = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
    return header + deflated + struct.pack("<II", zlib.crc32(content), len(content))


def json_lines(records: Iterable[Mapping[str, Any] | str]) -> bytes:
    """One line a record; a string goes in as it is."""
    lines = (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in records)
    return ("\n".join(lines) + "\n").encode()


def table(records: Sequence[Mapping[str, str]], delimiter: str) -> bytes:
    """CSV (RFC 4180, CRLF) or TSV with a header line."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(records[0]), delimiter=delimiter, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(records)
    return out.getvalue().encode()


def warc(kind: str, headers: Mapping[str, str], block: bytes, length: int | None = None) -> bytes:
    """One WARC/1.1 record. length: what Content-Length claims, if not the truth."""
    name = uuid.uuid5(uuid.NAMESPACE_URL, kind + headers.get("WARC-Target-URI", ""))
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{name}>",
        "WARC-Date": "2024-08-05T04:03:02Z",
        **headers,
        "Content-Length": str(len(block) if length is None else length),
    }
    head = "WARC/1.1\r\n" + "".join(f"{key}: {value}\r\n" for key, value in fields.items())
    return head.encode() + b"\r\n" + block + b"\r\n\r\n"


def response(url: str, status: str, body: bytes, *, length: int | None = None, **headers: str) -> bytes:
    """A WARC response record. status: as in the status line. headers: HTTP headers, `_` for `-`."""
    lines = {"Content-Type": "text/html; charset=utf-8", **{k.replace("_", "-"): v for k, v in headers.items()}}
    head = f"HTTP/1.1 {status}\r\n" + "".join(f"{key}: {value}\r\n" for key, value in lines.items())
    fields = {"WARC-Target-URI": url, "Content-Type": "application/http; msgtype=response"}
    return warc("response", fields, head.encode() + b"\r\n" + body, length)


def page(title: str, text: str) -> str:
    """A bare HTML page."""
    head = f"<!DOCTYPE html>\n<html lang='en'>\n<head><title>{title}</title></head>\n"
    body = "".join(f"<p>{paragraph}</p>\n" for paragraph in text.split("\n\n"))
    return f"{head}<body>\n<h1>{title}</h1>\n{body}</body></html>\n"


# -- records


def wire() -> dict[str, Any]:
    return {
        "id": "uw-20240604-017",
        "url": "https://uplandwire.example/2024/06/04/bray-quarry",
        "title": WIRE_TITLE,
        "authors": ["Sidonie Marsh"],
        "date": dt.datetime(2024, 6, 4, 10, 15, tzinfo=dt.UTC),
        "publisher": "Upland Wire",
        "language": "en",
        "text": story("wire.txt"),
    }


def wire_exact() -> dict[str, Any]:
    return {
        "id": "cbc-4417",
        "url": "https://www.castlebray-chronicle.example/news/4417",
        "title": WIRE_TITLE,
        "authors": ["Sidonie Marsh"],
        "date": "2024-06-04T13:00:00Z",
        "publisher": "Castle Bray Chronicle",
        "text": story("wire.txt"),
    }


def wire_truncated() -> dict[str, Any]:
    tail = "Read the full story on uplandwire.example"
    return {
        "id": "cg-90311",
        "url": "https://coast-gazette.example/region/90311.html",
        "title": "Bray slate quarry to shut in September",
        "date": "2024-06-05T05:30:00+01:00",
        "publisher": "Coast Gazette",
        "text": "\n\n".join([*paragraphs("wire.txt")[:6], tail]),
    }


def wire_extended() -> dict[str, str]:
    """The wire story with a house style of its own and two local paragraphs."""
    text = story("wire.txt")
    for wire_says, house_says in (
        ("its owners said on Tuesday", "its owners said this week"),
        ("seven o'clock", "7am"),
        ("a fund of 3 million", "a fund of three million"),
    ):
        assert wire_says in text
        text = text.replace(wire_says, house_says)
    local = (
        "In Lower Bray, where one household in five has somebody at the quarry, the chip shop shut for the day. "
        'Its owner, Delyth Cadwell, said she had not felt like frying. "They come in grey and they go out fed," '
        'she said. "I would not know what to say to them clean."',
        "The parish council meets in the school on Wednesday at half past six. It wants the narrow-gauge engine "
        "that stands at the gate, known to three generations of children as Bad Harold, to stay in the village.",
    )
    return {
        "id": "8812",
        "url": "https://brayvalleyrecord.example/8812-quarry-closes",
        "title": "Castle Bray quarry closes: 94 jobs to go",
        "authors": "Sidonie Marsh; Owain Tregear",
        "date": "2024-06-06",
        "publisher": "Bray Valley Record",
        "text": "\n\n".join([text, *local]),
    }


def windmill() -> dict[str, str]:
    return {
        "id": "2207",
        "url": "https://brinmouthpost.example/planning/sallow-mill",
        "title": 'Windmill owners refused a bed "that faces the weather"',
        "authors": "Cordelia Vane",
        "date": "2024-02-14 09:12:00+00:00",
        "publisher": "Brinmouth Post",
        "text": story("windmill.txt"),
    }


def lido_copy() -> dict[str, Any]:
    """The story of html/lido.html as another publisher ran it; `html` must win over the teaser in `text`."""
    html = (SEEDS / "html/lido.html").read_text(encoding="utf-8")
    article = html[html.index("<p>Harrowmere's sea lido") : html.index('<div class="newsletter">')]
    figure = article[article.index("<figure>") : article.index("</figure>") + len("</figure>")]
    advert = '<div class="ad"><span>Advertisement</span></div>'
    assert advert in article
    title = "Harrowmere lido stays open for winter swimmers"
    body = article.replace(figure, "").replace(advert, "")
    return {
        "id": "cd-551",
        "url": "https://coastlinedaily.example/2024/09/13/lido",
        "title": title,
        "date": "2024-09-13T06:00:00Z",
        "publisher": "Coastline Daily",
        "text": "Swimmers at Harrowmere may keep their pool from October to April.",
        "html": f"<html><body><article><h1>{title}</h1>{body}</article></body></html>",
    }


def bus(version: int) -> dict[str, Any]:
    """The two versions lie under one address, but for what a feed adds to it."""
    return {
        "url": "https://www.garrick-times.example/news/garricks-bend" + ("?utm_source=feed" if version == 1 else ""),
        "title": BUS_TITLE,
        "authors": ["Winifred Askew"],
        "date": "2024-01-19T09:40:00+00:00" if version == 1 else "2024-01-19T18:25:00+00:00",
        "publisher": "Garrick Times",
        "text": story(f"bus-{version}.txt"),
    }


def farol() -> dict[str, str]:
    return {
        "id": "3019",
        "url": "https://jornaldabarra.example/local/farol-da-garca",
        "title": "Farol da Ponta da Garça volta a acender-se",
        "authors": "Marta Quintela",
        "date": "2024-10-02T07:00:00+01:00",
        "publisher": "Jornal da Barra",
        "text": story("farol.txt"),
    }


def seed_vault() -> dict[str, Any]:
    title, text = story("seed-vault.txt").split("\n\n", 1)
    return {
        "id": "uw-20240311-004",
        "url": "https://uplandwire.example/2024/03/11/wexmoor-seeds",
        "title": title,
        "authors": ["Sidonie Marsh", "Ottoline Fry"],
        "date": dt.datetime(2024, 3, 11, 7, 30, tzinfo=dt.UTC),
        "publisher": "Upland Wire",
        "language": "en",
        "text": text,
    }


def choir() -> dict[str, Any]:
    """A record whose fields have other names, but for the text."""
    return {
        "at": "https://dunmarrow-bulletin.example/choir",
        "head": "Hospital choir sings in the car park, key or no key",
        "writer": "Gideon Plaskett",
        "when": "2024-11-22T06:45:00Z",
        "paper": "Dunmarrow Bulletin",
        "text": story("choir.txt"),
    }


def chess() -> dict[str, Any]:
    return {
        "url": "https://mabbs-messenger.example/parks/chess-bench",
        "title": "Second bench returns to the chess table in Quarry Park",
        "date": "2024-04-30",
        "publisher": "Mabbs Messenger",
        "text": story("chess.txt"),
    }


# -- files


def mojibake(text: str) -> bytes:
    """UTF-8 that was read as windows-1252 by a program that did not mind, and written as UTF-8 again."""

    def misread(byte: int) -> str:
        char = bytes([byte])
        return char.decode("cp1252", "ignore") or char.decode("latin-1")

    return "".join(map(misread, text.encode())).encode()


def parquet() -> bytes:
    fields = ("id", "url", "title", "publisher", "language", "text")
    schema = pa.schema(
        [pa.field(name, pa.string()) for name in fields]
        + [pa.field("authors", pa.list_(pa.string())), pa.field("date", pa.timestamp("ms", tz="UTC"))]
    )
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([wire(), seed_vault()], schema=schema), out, compression="zstd")
    return out.getvalue()


def crawl() -> bytes:
    """Every record a gzip member of its own, as archives are written."""
    gone = page("Not found", "There is nothing at this address any more. The front page has today's stories.")
    wet = {"WARC-Target-URI": "https://tarnvalleyobserver.example/signal-box", "Content-Type": "text/plain"}
    records = (
        warc("warcinfo", {"Content-Type": "application/warc-fields"}, b"software: none, written by hand\r\n"),
        response(
            "https://valleyecho.example/hobbin-down-kites",
            "200 OK",
            gz_stored(story("kites.html").encode()),
            Content_Encoding="gzip",
            X_Robots_Tag="noarchive",
        ),
        response("https://valleyecho.example/old-page", "404 Not Found", gone.encode()),
        warc("conversion", wet, story("signal-box.txt").encode()),
    )
    return b"".join(map(gz, records))


def broken_warc() -> bytes:
    """A record that promises more bytes than there are, and a good one after it."""
    bells = page("Peal broken off by a bat is rung to the end at last", story("bells.txt"))
    cut_off = response("https://ambrose-leaf.example/raffle", "200 OK", b"<html><body><p>The raf", length=48_000)
    return cut_off + response("https://ambrose-leaf.example/peal", "200 OK", bells.encode())


def bad_lines() -> bytes:
    good, *_ = json_lines([chess()]).splitlines()
    lines = (
        good,
        b'{"url": "https://mabbs-messenger.example/cut", "title": "Cut off in the mid',
        b'["a list", "is not a record"]',
        b'{"url": "https://mabbs-messenger.example/no-text", "title": "A record without text"}',
        b'{"url": "https://mabbs-messenger.example/blank", "title": "A record with a blank text", "text": " \\n "}',
    )
    return b"\n".join(lines) + b"\n"


def latin_line() -> bytes:
    """JSON in Latin-1: JSON is UTF-8 (RFC 8259, 8.1)."""
    record = {"title": "Café shut", "text": "The café at the weir was shut for the summer, and nobody could say why."}
    return json.dumps(record, ensure_ascii=False).encode("latin-1") + b"\n"


def noise(length: int) -> bytes:
    """Bytes of no format; about one in 256 is NUL."""
    return b"".join(hashlib.sha256(b"%d" % i).digest() for i in range(-(-length // 32)))[:length]


def files() -> dict[str, bytes]:
    """Path below seeds/ -> content, of every file that is built."""
    footbridge = gz(story("footbridge.txt").encode())
    return {
        "bad/binary.txt": noise(2048),
        "bad/broken.warc": broken_warc(),
        "bad/empty.txt": b"",
        "bad/invalid-utf8.jsonl": latin_line(),
        "bad/lines.jsonl": bad_lines(),
        "bad/not-a.parquet": b"PAR1" + noise(512),
        "bad/truncated.txt.gz": footbridge[: len(footbridge) // 2],
        "html/imker.html.zst": zstandard.ZstdCompressor(level=19).compress(story("imker.html").encode()),
        "mapped/bulletin.jsonl": json_lines([choir()]),
        "records/agency.parquet": parquet(),
        "records/export.csv": table([wire_extended(), windmill()], ","),
        "records/feed-1.jsonl": json_lines([wire_exact(), lido_copy(), bus(1)]),
        "records/feed-2.jsonl.gz": gz(json_lines([wire_truncated(), "", bus(2)])),
        "records/jornal.tsv": table([farol()], "\t"),
        "text/cafe-cp1252.txt": story("cafe.txt").encode("cp1252"),
        "text/clock-mojibake.txt": mojibake(story("clock.txt") + "\n"),
        "text/footbridge.txt.gz": footbridge,
        "web/crawl.warc.gz": crawl(),
    }


def main() -> None:
    for path, content in files().items():
        target = SEEDS / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


if __name__ == "__main__":
    main()
