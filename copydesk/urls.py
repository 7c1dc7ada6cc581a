"""URLs as identities: one spelling for one page, and the domain that answers for a host."""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

MAX_URL = 8192
"""Characters; what is longer is data in the shape of a URL."""

_TRACKING = """
    _ga _gl _hsenc _hsmi __twitter_impression _openstat action_object_map action_ref_map action_type_map cmp
    cmpid dclid dicbo emc fb_action_ids fb_action_types fb_ref fb_source fbclid feature_id feedname feedtype
    ftag gbraid gclid gclsrc guccounter guce_referrer guce_referrer_sig hootpostid hsctatracking icid igsh
    igshid int_cmp int_source intcid ito mbid mc_cid mc_eid mkt_tok msclkid ncid ocid oly_anon_id oly_enc_id
    partner ref ref_src ref_url referer referrer s_cid s_kwcid smid smtyp soc_src soc_trk spm srsltid taid trk
    twclid ttclid vero_conv vero_id wbraid wickedid wprov wt_mc xtor yclid ysclid
"""
TRACKING = frozenset(_TRACKING.split())
"""Query parameters that say where a reader came from and never which page is meant. After the lists of ClearURLs
(https://docs.clearurls.xyz) and courlan (https://github.com/adbar/courlan); `source`, `id`, `p` and the like stay,
because somewhere they choose the page."""

TRACKING_PREFIXES = ("utm_", "at_", "ns_", "pk_", "mtm_", "piwik_", "matomo_", "hsa_", "wt.", "fb_", "ga_", "xtor")

_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def canonical(url: str | None) -> str | None:
    """One spelling of a URL; None for what is not an http(s) URL.

    Scheme and host in lower case, IDN hosts as punycode, user names, default ports, fragments and tracking
    parameters dropped, the rest of the query sorted, percent escapes normalized (RFC 3986, 6.2.2), no slash at the
    end of a path. `http` becomes `https` where no port is given: the two serve one page, and the URL as found is
    kept beside this. `www.`, AMP paths and the letter case of paths stay: to some servers they matter.
    A `#!` fragment stays, for it names a page.
    """
    return _canonical(url) if isinstance(url, str) and len(url) <= MAX_URL else None


@lru_cache(maxsize=1024)  # a record is asked for its URL more than once
def _canonical(url: str) -> str | None:
    try:
        parts = urlsplit(url.strip())
        scheme, port = parts.scheme.lower(), parts.port
        host = _host(parts.hostname or "")
    except ValueError:  # a port that is no number, brackets without an IPv6 address
        return None
    if scheme not in _DEFAULT_PORTS or host is None:
        return None
    if port is None or port == _DEFAULT_PORTS[scheme]:
        scheme, place = "https", host
    else:
        place = f"{host}:{port}"
    query = _query(parts.query)
    fragment = f"#{_escaped(parts.fragment)}" if parts.fragment.startswith("!") else ""
    return f"{scheme}://{place}{_path(parts.path)}{'?' + query if query else ''}{fragment}"


def is_host(name: str) -> bool:
    """Whether a name is a host name or a URL, and not the name of a house: `www.example.co.uk`, not `St. Louis`."""
    return registrable_domain(name) is not None


def registrable_domain(url_or_host: str | None) -> str | None:
    """The domain that someone registered: `example.co.uk` of `https://news.example.co.uk/a`; None if there is none.

    By the Public Suffix List that publicsuffixlist ships, private section and all: two blogs on one platform are two
    publishers (`a.blogspot.com`). A platform's own name is its domain (`blogspot.com`). An ending that the list does
    not have counts as one label, by the list's own rule, in a URL; a bare name with one is no host (`Dr.Schmidt`).
    """
    if not isinstance(url_or_host, str) or len(url_or_host) > MAX_URL:
        return None
    name = url_or_host.strip()
    is_url = "://" in name or name.startswith("//")
    if is_url:
        try:
            name = urlsplit(name).hostname or ""
        except ValueError:
            return None
    elif any(c in name for c in "/?#@:"):
        name = re.split("[/?#:]", name.rpartition("@")[2], maxsplit=1)[0]
    return _registrable(name.lower().rstrip("."), is_url)


@lru_cache(maxsize=16384)
def _registrable(name: str, any_ending: bool) -> str | None:
    if "." not in name or (host := _host(name)) is None or host.startswith("[") or _is_address(host):
        return None
    found: str | None = _suffixes().privatesuffix(host) or _suffixes(only_icann=True).privatesuffix(host)
    if found or not any_ending or _suffixes().publicsuffix(host):
        return found
    return ".".join(host.split(".")[-2:])


@cache
def _suffixes(only_icann: bool = False) -> PublicSuffixList:
    # 0.05 s, so imported when first needed. The list shipped with the package: no network. The part without private
    # suffixes is for the names of platforms only.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(accept_unknown=False, only_icann=only_icann)


@lru_cache(maxsize=16384)
def _host(name: str) -> str | None:
    """A host name in lower case and ASCII (IPv6 in brackets), or None if it cannot be one."""
    name = name.lower().rstrip(".")
    if ":" in name:
        try:
            return f"[{ipaddress.IPv6Address(name).compressed}]"
        except ValueError:
            return None
    if not name.isascii():
        import idna  # only IDN hosts pay for it

        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except (idna.IDNAError, UnicodeError, IndexError):
            return None
    return name if len(name) <= 253 and _HOST.fullmatch(name) else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _path(path: str) -> str:
    kept: list[str] = []
    for segment in _escaped(path).split("/")[1:]:
        if segment == "..":
            kept[-1:] = []
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept).rstrip("/")


def _query(query: str) -> str:
    pairs = (pair for pair in _escaped(query).split("&") if pair)
    return "&".join(sorted(pair for pair in pairs if not _is_tracking(pair.partition("=")[0].lower())))


def _is_tracking(name: str) -> bool:
    return name in TRACKING or name.startswith(TRACKING_PREFIXES)


def _escaped(part: str) -> str:
    """Percent escapes in one spelling: unreserved characters bare, all else that must be escaped in capitals.

    A percent sign that escapes nothing is escaped itself, lest it do so with what follows once that is bare.
    """

    def bare(match: re.Match[str]) -> str:
        if match[1] is None:
            return "%25"
        character = chr(int(match[1], 16))
        return character if character in _UNRESERVED else match[0].upper()

    cleaned = part.encode("utf-8", "replace").decode("utf-8")
    return quote(_ESCAPE.sub(bare, cleaned), safe="%/:?#[]@!$&'()*+,;=-._~")
