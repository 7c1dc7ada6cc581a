"""URLs: one spelling for one page; the domain that answers for a host."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.urls import canonical, is_host, registrable_domain


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://WWW.Example.com:80/A/./b/../c/?b=2&a=1#top", "https://www.example.com/A/c?a=1&b=2"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com/", "https://example.com/"),
        ("https://example.com/a/", "https://example.com/a"),
        ("https://example.com/a?utm_source=x&UTM_Medium=y&fbclid=1&gclid=2&id=7", "https://example.com/a?id=7"),
        ("https://example.com/a?id=7&id=3", "https://example.com/a?id=3&id=7"),
        ("https://example.com/a?", "https://example.com/a"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        ("http://example.com:8080/a", "http://example.com:8080/a"),
        ("https://example.com:443/a", "https://example.com/a"),
        ("https://müller.example/ü", "https://xn--mller-kva.example/%C3%BC"),
        ("https://example.com/%7efoo%2fbar%c3%bc", "https://example.com/~foo%2Fbar%C3%BC"),
        ("https://example.com/a b", "https://example.com/a%20b"),
        ("https://example.com./a", "https://example.com/a"),
        ("https://example.com/#!/story/1", "https://example.com/#!/story/1"),
        ("http://[2001:DB8::1]/a", "https://[2001:db8::1]/a"),
        ("  https://example.com/a\n", "https://example.com/a"),
    ],
)
def test_canonical(url: str, expected: str) -> None:
    assert canonical(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "example.com/a",
        "/a",
        "//example.com/a",
        "ftp://example.com/a",
        "javascript:alert(1)",
        "mailto:a@b.example",
        "http://",
        "http://a b/",
        "http://example.com:port/",
        "http://[::1/",
        "http://-x-/",
        "https://x/" + "a" * 9000,
    ],
)
def test_what_is_no_http_url(url: str | None) -> None:
    assert canonical(url) is None


def test_letter_case_www_and_amp_stay() -> None:
    assert canonical("https://www.example.com/Story/amp") == "https://www.example.com/Story/amp"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("https://politics.blogs.example.com/a", "example.com"),
        ("www.Example.co.uk", "example.co.uk"),
        ("example.com", "example.com"),
        ("http://user@news.example.org:8080/x", "example.org"),
        ("news.example.com/path", "example.com"),
        ("a.blogspot.com", "a.blogspot.com"),
        ("blogspot.com", "blogspot.com"),
        ("bücher.example.de", "example.de"),
        ("The Daily Planet", None),
        ("St. Louis", None),
        ("localhost", None),
        ("127.0.0.1", None),
        ("[::1]", None),
        ("co.uk", None),
        ("", None),
        (None, None),
    ],
)
def test_registrable_domain(name: str | None, expected: str | None) -> None:
    assert registrable_domain(name) == expected
    assert name is None or is_host(name) is (expected is not None)


URLS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet="htps:/?#[]@!$&=%.äa1 -_~", max_size=60).map("http://".__add__),
    st.builds(
        "https://{}.example/{}?{}#{}".format,
        st.text(max_size=10),
        st.text(max_size=20),
        st.text(max_size=20),
        st.text(max_size=5),
    ),
)


@settings(max_examples=300, deadline=None)
@given(url=URLS)
def test_never_raises_and_stands_still(url: str) -> None:
    once = canonical(url)
    assert once is None or canonical(once) == once
    registrable_domain(url)
