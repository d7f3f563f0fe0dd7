"""The redirect policy, as tables."""

import pytest

from firstbyte.client.redirects import RedirectPolicy, redirect_url
from firstbyte.client.requests import Ask
from firstbyte.client.urls import parse_url
from firstbyte.errors import HttpError, UrlError
from firstbyte.journey.build_http import redirect_url as told_redirect


def ask(url: str = "https://a.test/x", method: str = "GET", body: bytes | None = None) -> Ask:
    return Ask(parse_url(url), method, body)


def followed(start: Ask, status: int, location: str | None):
    return RedirectPolicy(start, 10).follow(start, status, location)


@pytest.mark.parametrize(
    ("status", "method", "after", "keeps"),
    [
        (301, "POST", "GET", False),
        (302, "POST", "GET", False),
        (303, "POST", "GET", False),
        (303, "PUT", "GET", False),
        (303, "HEAD", "HEAD", True),
        (301, "PUT", "PUT", True),
        (302, "DELETE", "DELETE", True),
        (307, "POST", "POST", True),
        (308, "POST", "POST", True),
    ],
)
def test_methods(status: int, method: str, after: str, keeps: bool):
    following = followed(ask(method=method, body=b"b"), status, "/y")
    assert following is not None
    assert following.ask.method == after
    assert (following.ask.body == b"b") is keeps
    assert (f"{method} becomes" in following.because) is (method != after)


@pytest.mark.parametrize(
    ("status", "method", "keeps"),
    [(301, "POST", False), (302, "PUT", False), (303, "DELETE", False), (308, "POST", True)],
)
def test_a_method_that_was_given_stays_as_with_curl(status: int, method: str, keeps: bool):
    given = Ask(parse_url("https://a.test/x"), method, b"b", method_given=True)
    following = followed(given, status, "/y")
    assert (following.ask.method, following.ask.body) == (method, b"b" if keeps else None)
    assert following.ask.method_given


@pytest.mark.parametrize(
    ("status", "location"), [(200, "/y"), (304, "/y"), (300, "/y"), (302, None)]
)
def test_no_redirect(status: int, location: str | None):
    assert followed(ask(), status, location) is None
    assert redirect_url(parse_url("http://a/"), status, location) is None


@pytest.mark.parametrize(
    ("location", "trusted"),
    [
        ("/y", True),
        ("https://a.test:443/y", True),
        ("https://A.TEST/y", True),
        ("https://a.test:444/y", False),
        ("http://a.test/y", False),
        ("https://b.test/y", False),
        ("https://sub.a.test/y", False),
    ],
)
def test_secrets_stay_with_their_origin(location: str, trusted: bool):
    following = followed(ask(), 302, location)
    assert following is not None
    assert following.ask.trusted is trusted
    assert ("stay behind" in following.because) is not trusted


def test_credentials_of_the_url_follow_within_the_origin_only():
    start = ask("https://u:p@a.test/x")
    assert followed(start, 302, "/y").ask.url.user == "u"
    assert followed(start, 302, "https://b.test/y").ask.url.user is None


def test_trust_comes_back_with_the_origin():
    policy = RedirectPolicy(ask(), 10)
    away = policy.follow(ask(), 302, "https://b.test/")
    back = policy.follow(away.ask, 302, "https://a.test/z")
    assert back.ask.trusted


def test_a_downgrade_is_noted():
    assert "readable" in followed(ask(), 301, "http://a.test/").because
    assert "http to https" in followed(ask("http://a.test/"), 301, "https://a.test/").because


def test_a_loop_is_found():
    policy = RedirectPolicy(ask("http://a/1"), 10)
    second = policy.follow(ask("http://a/1"), 302, "/2")
    with pytest.raises(HttpError) as caught:
        policy.follow(second.ask, 302, "/1#again")
    assert caught.value.id == "http.redirect_loop"


def test_another_cookie_is_no_loop():
    jar = {"now": ""}
    start = ask("http://a/1")
    policy = RedirectPolicy(start, 10, lambda _url: jar["now"])
    jar["now"] = "seen=1"
    assert policy.follow(start, 302, "/1") is not None
    with pytest.raises(HttpError):
        policy.follow(start, 302, "/1")


def test_the_limit():
    current = ask("http://a/0")
    policy = RedirectPolicy(current, 3)
    for number in range(1, 4):
        current = policy.follow(current, 302, f"/{number}").ask
    with pytest.raises(HttpError) as caught:
        policy.follow(current, 302, "/4")
    assert caught.value.id == "http.too_many_redirects"


@pytest.mark.parametrize("location", ["file:///etc/passwd", "ftp://h/", "http://[", "http://h:0/"])
def test_bad_locations(location: str):
    with pytest.raises(UrlError):
        followed(ask(), 302, location)


@pytest.mark.parametrize(
    ("octets", "path"),
    [(b"/\xc3\xa9 x", "/%C3%A9%20x"), (b"/\xe9", "/%E9"), (b"/%C3%A9", "/%C3%A9")],
)
def test_octets_of_a_location_are_kept(octets: bytes, path: str):
    """They are UTF-8 as a rule; encoding each of them once more would ask for another page."""
    following = followed(ask(), 302, octets.decode("latin-1"))
    assert following is not None
    assert following.ask.url.path == path
    told = told_redirect("http://a/", 302, (("location", octets.decode("latin-1")),))
    assert told == f"http://a{path}".replace("%20", " ")
