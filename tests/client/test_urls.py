"""URLs as RFC 3986 and curl read them; everything else is refused with a hint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.client.urls import Url, parse_authority, parse_url, resolve_reference
from firstbyte.errors import UrlError, UsageError

GOOD = {
    "example.com": "http://example.com/",
    "localhost:8080/x": "http://localhost:8080/x",
    "//host/x": "http://host/x",
    "HTTP://EXAMPLE.com:80/a/../b/./c?x=1#f": "http://example.com/b/c?x=1",
    "https://[::1]:8443/": "https://[::1]:8443/",
    "https://[2001:DB8:0::1]": "https://[2001:db8::1]/",
    "http://[fe80::1%25eth0]/": "http://[fe80::1]/",
    "https://bücher.example/ü?ü": "https://xn--bcher-kva.example/%C3%BC?%C3%BC",
    "http://faß.de": "http://xn--fa-hia.de/",
    "http://127.1/": "http://127.0.0.1/",
    "http://0x7f000001": "http://127.0.0.1/",
    "http://2130706433/": "http://127.0.0.1/",
    "http://1.2.3.4.5/": "http://1.2.3.4.5/",
    "http:///x/y": "http://x/y",
    "http:/x/y": "http://x/y",
    "http://host:/": "http://host/",
    "https://host:443": "https://host/",
    "https://host:0443": "https://host/",
    "https://host:80": "https://host:80/",
    "http://a_b.example": "http://a_b.example/",
    "http://example.com./": "http://example.com./",
    "http://%65xample.com": "http://example.com/",
    "http://host?x=1": "http://host/?x=1",
    "http://host#f": "http://host/",
    "http://host/?": "http://host/?",
    "http://a/%2e%2e/b/%2E": "http://a/b/",
    "http://a/b/..": "http://a/",
    "http://a/../../b": "http://a/b",
    "http://a//b//": "http://a//b//",
    "http://u:p@h/": "http://h/",
    "http://h/@x:y": "http://h/@x:y",
    "http://0x-1f.1/": "http://0x-1f.1/",
    "http://h/\udcff?\udcfe": "http://h/%FF?%FE",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_is_read(text: str):
    url = parse_url(text)
    assert str(url) == GOOD[text]
    assert parse_url(str(url)).target == url.target


BAD = {
    "": "empty",
    "http://": "no host",
    "http:///": "no host",
    "http://user@:80/": "no host",
    "http://h/\ud800": "no character",
    "http://a:0/": "port 0",
    "http://a:00000/": "port 0",
    "http://a:65536/": "above 65535",
    "http://a:99999999999999999999/": "above 65535",
    "http://a:8x/": "not a number",
    "http://a:-1/": "not a number",
    "http://a:٣/": "not a number",
    "http://a b/": "a space",
    " http://a/": "a space",
    "http://a/ b": "a space",
    "http://a/\r\nX: y": "a carriage return",
    "http://a\x00b": "0x00",
    "http://a\x7f": "0x7f",
    "http://a%00b": "0x00",
    "http://a%2fb": "'/'",
    "http://::1/": "more than one colon",
    "http://[::1": "not closed",
    "http://[::1]x": "follows",
    "http://[::g]/": "IPv6",
    "http://[127.0.0.1]/": "IPv6",
    "http://a..b/": "empty label",
    "http://.a/": "empty label",
    "http://256.256.256.256": "too large",
    "http://1.2.3.999999999999999999/": "too large",
    "http://" + "a" * 64 + ".com": "64 characters",
    "http://" + "a." * 130 + "b": "at most 253",
    "http://host\\x": "'\\\\'",
    "http://a|b": "'|'",
    "http://☃.net": "internationalised",
    "http:////a": "slashes",
    "http://" + "a" * 70_000: "characters",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_refused(text: str):
    with pytest.raises(UrlError) as caught:
        parse_url(text)
    assert caught.value.id == "url.malformed"
    assert caught.value.phase == "url"
    assert BAD[text] in caught.value.message


@pytest.mark.parametrize(
    "text", ["ftp://x", "mailto:x@y", "file:///etc/passwd", "gopher://h/", "wss://h"]
)
def test_other_schemes(text: str):
    with pytest.raises(UsageError) as caught:
        parse_url(text)
    assert isinstance(caught.value, UrlError)
    assert caught.value.id == "url.unsupported_scheme"


def test_parts():
    url = parse_url("https://us%40er:p%3Aw@Bücher.example:8443/a?b")
    assert (url.user, url.password, url.port) == ("us@er", "p:w", 8443)
    assert url.display_host == "bücher.example"
    assert url.authority == "xn--bcher-kva.example:8443"
    assert parse_url("http://h./").server_name == "h"
    assert parse_url("http://[fe80::1%eth0]/").zone == "eth0"
    assert parse_url("http://[::1]/").is_address
    assert not parse_url("http://h/").is_address


def test_authorities():
    assert parse_authority("proxy:3128", "http") == ("proxy", 3128)
    assert parse_authority("[::1]:1", "http") == ("::1", 1)


BASE = "http://a/b/c/d;p?q"
# RFC 3986, 5.4.1 and 5.4.2
REFERENCES = {
    "g": "http://a/b/c/g",
    "./g": "http://a/b/c/g",
    "g/": "http://a/b/c/g/",
    "/g": "http://a/g",
    "//g": "http://g/",
    "?y": "http://a/b/c/d;p?y",
    "g?y": "http://a/b/c/g?y",
    "#s": "http://a/b/c/d;p?q",
    "g#s": "http://a/b/c/g",
    ";x": "http://a/b/c/;x",
    "g;x?y#s": "http://a/b/c/g;x?y",
    "": "http://a/b/c/d;p?q",
    ".": "http://a/b/c/",
    "./": "http://a/b/c/",
    "..": "http://a/b/",
    "../g": "http://a/b/g",
    "../..": "http://a/",
    "../../g": "http://a/g",
    "../../../g": "http://a/g",
    "/./g": "http://a/g",
    "/../g": "http://a/g",
    "g.": "http://a/b/c/g.",
    "..g": "http://a/b/c/..g",
    "./../g": "http://a/b/g",
    "./g/.": "http://a/b/c/g/",
    "g;x=1/../y": "http://a/b/c/y",
    "g?y/../x": "http://a/b/c/g?y/../x",
    "https://other:8443/x": "https://other:8443/x",
    " /a b\n": "http://a/a%20b",
    "/ü": "http://a/%C3%BC",
    "//b:1/\tx": "http://b:1/%09x",
    "g:1": "http://a/b/c/g:1",
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_references(reference: str):
    assert str(resolve_reference(parse_url(BASE), reference)) == REFERENCES[reference]


@pytest.mark.parametrize("reference", ["javascript:alert(1)", "file:///x", "ftp://x/", "data:,x"])
def test_references_to_other_schemes(reference: str):
    with pytest.raises(UrlError, match="not supported"):
        resolve_reference(parse_url(BASE), reference)


def test_credentials_do_not_follow_a_reference():
    assert resolve_reference(parse_url("http://u:p@h/"), "/x").user is None


url_like = st.text(alphabet=st.sampled_from("htps:/[]@?#.%0a1ü- \t\\"), max_size=30)


@given(st.one_of(st.text(max_size=40), url_like, url_like.map("http://".__add__)))
def test_any_text_is_read_or_refused(text: str):
    try:
        url = parse_url(text)
    except UrlError:
        return
    assert 1 <= url.port <= 65535
    assert url.path.startswith("/")
    again = parse_url(str(url))
    assert (again.host, again.port, again.target) == (url.host, url.port, url.target)


@given(st.one_of(st.text(max_size=40), url_like))
def test_any_reference_is_resolved_or_refused(reference: str):
    try:
        url = resolve_reference(Url("https", "h", 443, "/a/b"), reference)
    except UrlError:
        return
    assert "\n" not in str(url)
    assert " " not in str(url)
