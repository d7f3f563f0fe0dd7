"""Cookies: RFC 6265's rules as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.client.cookies import MAX_AGE_S, MAX_COOKIES, CookieJar, parse_cookie_date
from firstbyte.client.urls import parse_url

NOW = 1_800_000_000.0


def sent(set_at: str, field: str, asked_at: str, later_s: float = 0.0) -> str | None:
    jar = CookieJar()
    jar.store(parse_url(set_at), [field], NOW)
    return jar.header_for(parse_url(asked_at), NOW + later_s)


@pytest.mark.parametrize(
    ("set_at", "field", "asked_at", "header"),
    [
        ("https://a.test/", "k=v", "https://a.test/x", "k=v"),
        ("https://a.test/", "k=v", "https://a.test:8443/", "k=v"),
        ("https://a.test/", "k=v", "https://b.a.test/", None),
        ("https://a.test/", "k=v", "https://b.test/", None),
        ("https://w.a.test/", "k=v; Domain=a.test", "https://b.a.test/", "k=v"),
        ("https://w.a.test/", "k=v; Domain=.A.test", "https://a.test/", "k=v"),
        ("https://w.a.test/", "k=v; domain=a.test", "https://xa.test/", None),
        ("https://a.test/d/e", "k=v", "https://a.test/d/f", "k=v"),
        ("https://a.test/d/e", "k=v", "https://a.test/", None),
        ("https://a.test/d/e", "k=v", "https://a.test/dd", None),
        ("https://a.test/d/e", "k=v; Path=/", "https://a.test/", "k=v"),
        ("https://a.test/d/e", "k=v; Path=nonsense", "https://a.test/d", "k=v"),
        ("https://a.test/", "k=v; Secure", "http://a.test/", None),
        ("http://a.test/", "k=v", "https://a.test/", "k=v"),
        ("https://a.test/", ' k = "v w" ; HttpOnly', "https://a.test/", 'k="v w"'),
        ("https://a.test/", "v", "https://a.test/", "v"),
        ("https://a.test/", "k=a=b", "https://a.test/", "k=a=b"),
        ("http://127.0.0.1/", "k=v; Secure", "http://127.0.0.1/", "k=v"),
        ("https://a.test/", "__Host-k=v; Secure; Path=/", "https://a.test/", "__Host-k=v"),
    ],
)
def test_where_cookies_go(set_at: str, field: str, asked_at: str, header: str | None):
    assert sent(set_at, field, asked_at) == header


@pytest.mark.parametrize(
    ("url", "field", "because"),
    [
        ("https://a.test/", "", "neither"),
        ("https://a.test/", "=", "neither"),
        ("https://a.test/", "k=\x01", "control"),
        ("https://a.test/", "k=" + "v" * 5000, "exceed"),
        ("https://a.test/", "k=v; Domain=b.test", "does not cover"),
        ("https://a.test/", "k=v; Domain=x.a.test", "does not cover"),
        ("https://a.test/", "k=v; Domain=test", "public suffix"),
        ("https://a.co.uk/", "k=v; Domain=co.uk", "public suffix"),
        ("https://1.2.3.4/", "k=v; Domain=3.4", "on an address"),
        ("http://a.test/", "k=v; Secure", "plain http"),
        ("https://a.test/", "__Secure-k=v", "prefix"),
        ("https://a.test/", "__host-k=v; Secure; Path=/; Domain=a.test", "no Domain"),
        ("https://a.test/", "__Host-k=v; Secure", "Path=/"),
        ("https://a.test/", "=__Host-k=v; Secure", "imitates"),
    ],
)
def test_what_is_refused(url: str, field: str, because: str):
    jar = CookieJar()
    (verdict,) = jar.store(parse_url(url), [field], NOW)
    assert not verdict.accepted
    assert because in verdict.because
    assert len(jar) == 0


def test_the_value_is_not_in_the_verdict():
    (verdict,) = CookieJar().store(parse_url("https://a.test/"), ["k=secret"], NOW)
    assert verdict.accepted
    assert "secret" not in repr(verdict)


def test_expiry():
    assert sent("https://a.test/", "k=v; Max-Age=10", "https://a.test/", 9) == "k=v"
    assert sent("https://a.test/", "k=v; Max-Age=10", "https://a.test/", 11) is None
    assert sent("https://a.test/", "k=v; Max-Age=0", "https://a.test/") is None
    old = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert sent("https://a.test/", f"k=v; Expires={old}", "https://a.test/") is None
    assert sent("https://a.test/", f"k=v; Expires={old}; Max-Age=9", "https://a.test/") == "k=v"
    assert (
        sent("https://a.test/", "k=v; Max-Age=99999999999999999999999", "https://a.test/") == "k=v"
    )
    late = sent("https://a.test/", "k=v; Max-Age=999999999", "https://a.test/", MAX_AGE_S + 1)
    assert late is None


def test_an_expired_cookie_removes_the_stored_one():
    jar = CookieJar()
    url = parse_url("https://a.test/")
    jar.store(url, ["k=v", "l=w"], NOW)
    jar.store(url, ["k=; Max-Age=0"], NOW)
    assert jar.header_for(url, NOW) == "l=w"


def test_longer_paths_come_first():
    jar = CookieJar()
    jar.store(parse_url("https://a.test/"), ["a=1; Path=/", "b=2; Path=/x", "c=3; Path=/"], NOW)
    assert jar.header_for(parse_url("https://a.test/x"), NOW) == "b=2; a=1; c=3"


def test_secure_cookies_are_left_alone():
    jar = CookieJar()
    jar.store(parse_url("https://a.test/"), ["k=v; Secure"], NOW)
    (verdict,) = jar.store(parse_url("http://a.test/"), ["k=evil"], NOW)
    assert not verdict.accepted
    assert jar.header_for(parse_url("https://a.test/"), NOW) == "k=v"


def test_the_jar_is_bounded():
    jar = CookieJar()
    jar.store(parse_url("https://a.test/"), [f"k{i}=v" for i in range(MAX_COOKIES + 50)], NOW)
    assert len(jar) == MAX_COOKIES


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784111777),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 784111777),
        ("Sun Nov  6 08:49:37 1994", 784111777),
        ("06 nov 1994 8:49:37", 784111777),
        ("Thu, 01-Jan-1970 00:00:00 GMT", 0),
        ("01 Jan 37 00:00:00", 2114380800),
        ("", None),
        ("yesterday", None),
        ("32 Jan 2020 00:00:00", None),
        ("01 Jan 2020 24:00:00", None),
        ("01 Jan 1500 00:00:00", None),
    ],
)
def test_dates(text: str, moment: int | None):
    assert parse_cookie_date(text) == moment


def test_netscape_files():
    jar = CookieJar()
    text = (
        "# Netscape HTTP Cookie File\n\n"
        ".a.test\tTRUE\t/\tFALSE\t0\twide\t1\n"
        "#HttpOnly_a.test\tFALSE\t/\tTRUE\t1900000000\tsafe\t2\n"
        "a.test\tFALSE\t/\tFALSE\t1\told\t3\n"
        "a.test\tFALSE\t/\tFALSE\t0\tempty\n"
        "broken line\n"
        "a.test\tFALSE\t/\tFALSE\tsoon\tx\ty\n"
    )
    assert jar.load(text) == 4
    assert jar.header_for(parse_url("https://a.test/"), NOW) == "wide=1; safe=2; empty="
    assert jar.header_for(parse_url("http://b.a.test/"), NOW) == "wide=1"


@given(st.lists(st.text(max_size=60), max_size=4))
def test_any_field_is_judged(fields: list[str]):
    jar = CookieJar()
    url = parse_url("https://a.test/")
    assert len(jar.store(url, fields, NOW)) == len(fields)
    header = jar.header_for(url, NOW)
    assert header is None or "\n" not in header
    jar.load("\n".join(fields))


@given(st.text(alphabet="0123456789 :-,JanFebGMT", max_size=40))
def test_any_date_is_read_or_refused(text: str):
    assert parse_cookie_date(text) is None or isinstance(parse_cookie_date(text), int)
