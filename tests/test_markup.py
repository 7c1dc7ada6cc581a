"""The reading of pages without a browser: it finds what it is for."""

from __future__ import annotations

from tests import markup

PAGE = """<!doctype html><html lang="en"><head><title>A page</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:"><link rel="icon" href="data:,">
<style>:root { --ink: #fff }
@media (prefers-color-scheme: dark) { :root { --ink: #000 } } p { fill: url(#here) }</style>
</head><body><p id="here"><a href="#here">here</a> <a href="https://a.example/">there</a></p>%s</body></html>"""


def test_a_good_page() -> None:
    page = PAGE % ""
    assert (markup.faults(page), markup.runs(page), markup.loads(page)) == ([], [], [])
    assert markup.policy(page) == {"default-src": "'none'", "img-src": "data:"}
    assert markup.colours(page) == {"light": {"--ink": "#fff"}, "dark": {"--ink": "#000"}}


def test_what_is_wrong_with_a_page() -> None:
    assert markup.faults(PAGE % "</i>") == ["line 5: unexpected-end-tag"]
    assert markup.faults(PAGE % "<b id='here'>twice</b>") == ["id here twice"]
    assert markup.faults(PAGE % "<a href='#nowhere'>nowhere</a>") == ["no #nowhere"]
    assert len(markup.faults(PAGE % "<style>p { } }</style>")) == 1


def test_what_runs() -> None:
    assert markup.runs(PAGE % "<script>1</script>") == ["script"]
    assert markup.runs(PAGE % "<p onclick='x()'>a</p>") == ["p onclick"]
    assert markup.runs(PAGE % "<svg><a xlink:href='javascript:x()'><foreignObject/></a></svg>") == [
        "foreignObject",
        "javascript:x()",
    ]


def test_what_a_browser_would_load() -> None:
    for part in (
        "<video src='there'></video>",
        "<svg><use href='there'/></svg>",
        "<svg><rect style='fill: url(there)'/></svg>",
        "<svg><rect fill='url(there)'/></svg>",
        "<style>@media print { p { background: url(there) } }</style>",
    ):
        assert markup.loads(PAGE % part) == ["there"], part
    assert markup.loads(PAGE % "<style>@import 'there';</style>") == ['"there"']
