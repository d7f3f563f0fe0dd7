"""Requests as curl's users expect them."""

import pytest
from msgspec.structs import replace

from firstbyte.client.options import HttpOptions
from firstbyte.client.proxies import Proxy
from firstbyte.client.requests import build_request, first_ask, parse_header_option
from firstbyte.client.urls import parse_url
from firstbyte.errors import UsageError
from firstbyte.protocols.http.messages import Request


def made(url: str = "http://example.com/", **options: object) -> Request:
    chosen = HttpOptions(**options)  # type: ignore[arg-type]
    return build_request(first_ask(parse_url(url), chosen), chosen)


def test_the_default_request():
    request = made("http://example.com:8080/a?b")
    assert (request.method, request.authority, request.target) == (
        "GET",
        "example.com:8080",
        "/a?b",
    )
    names = [name for name, _ in request.headers]
    assert names == ["User-Agent", "Accept", "Accept-Encoding"]
    assert request.header("user-agent").startswith("firstbyte/")


def test_a_body_makes_it_a_post_with_a_form():
    request = made(body=b"a=1")
    assert request.method == "POST"
    assert request.header("Content-Length") == "3"
    assert request.header("Content-Type") == "application/x-www-form-urlencoded"


def test_an_empty_body_still_has_a_length():
    assert made(body=b"").header("content-length") == "0"


def test_json():
    request = made(body=b"{}", content_type="application/json")
    assert request.header("content-type") == request.header("accept") == "application/json"


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ({"headers": (("accept", None),)}, "Accept", None),
        ({"headers": (("Accept", "text/html"),)}, "Accept", "text/html"),
        ({"headers": (("X-Empty", ""),)}, "X-Empty", ""),
        ({"user_agent": "x"}, "User-Agent", "x"),
        ({"user_agent": ""}, "User-Agent", None),
        ({"compressed": False}, "Accept-Encoding", None),
        ({"referer": "http://r/"}, "Referer", "http://r/"),
        ({"credentials": ("u", "p")}, "Authorization", "Basic dTpw"),
        ({"cookies": "a=1"}, "Cookie", "a=1"),
        (
            {"body": b"x", "headers": (("Content-Type", "text/plain"),)},
            "Content-Type",
            "text/plain",
        ),
        ({"body": b"x", "headers": (("Content-Type", None),)}, "Content-Type", None),
        ({"body": b"x", "headers": (("Transfer-Encoding", "chunked"),)}, "Content-Length", None),
    ],
)
def test_headers(options: dict, name: str, value: str | None):
    assert made(**options).header(name) == value


def test_the_host_may_be_replaced_or_removed():
    request = made(headers=(("Host", "other"),))
    assert request.authority == "other"
    assert request.header("host") is None
    assert made(headers=(("Host", None),)).authority is None


def test_credentials_in_the_url_win():
    request = made("http://u:p@h/", credentials=("x", "y"))
    assert request.header("authorization") == "Basic dTpw"


def test_repeated_headers_stay():
    request = made(headers=(("X", "1"), ("X", "2")))
    assert [value for name, value in request.headers if name == "X"] == ["1", "2"]


def test_secrets_stay_at_their_origin():
    options = HttpOptions(
        headers=(("Authorization", "Bearer t"), ("Cookie", "c"), ("X-Api", "k"), ("Host", "h")),
        credentials=("u", "p"),
        cookies="a=1",
    )
    ask = replace(first_ask(parse_url("http://other/"), options), trusted=False)
    request = build_request(ask, options, "jar=1")
    assert request.header("authorization") is None
    assert request.header("cookie") == "jar=1"
    assert request.header("x-api") == "k"
    assert request.authority == "other"


def test_cookies_of_jar_and_options_are_joined():
    options = HttpOptions(cookies="b=2")
    request = build_request(first_ask(parse_url("http://h/"), options), options, "a=1")
    assert request.header("cookie") == "a=1; b=2"


def test_through_a_proxy_the_target_is_absolute():
    options = HttpOptions()
    ask = first_ask(parse_url("http://u:p@h:81/x?y"), options)
    request = build_request(ask, options, via=Proxy("http", "p", 1, "u", "p"))
    assert request.target == "http://h:81/x?y"
    assert request.header("proxy-authorization") == "Basic dTpw"


@pytest.mark.parametrize(
    "options",
    [
        {"method": "GET /"},
        {"method": ""},
        {"headers": (("A B", "x"),)},
        {"headers": (("A", "x\r\nB: y"),)},
        {"user_agent": "x\ny"},
    ],
)
def test_what_cannot_be_sent_is_refused(options: dict):
    with pytest.raises(UsageError):
        made(**({"method": "GET"} | options))


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("A: b", ("A", "b")),
        ("A:b:c", ("A", "b:c")),
        ("A:", ("A", None)),
        ("A:  ", ("A", None)),
        ("A;", ("A", "")),
    ],
)
def test_header_options(text: str, parsed: tuple[str, str | None]):
    assert parse_header_option(text) == parsed


@pytest.mark.parametrize("text", ["", "A", ";", ": x"])
def test_header_options_that_are_none(text: str):
    with pytest.raises(UsageError):
        parse_header_option(text)
