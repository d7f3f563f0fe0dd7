"""Which proxy wins, as curl decides it."""

import pytest

from firstbyte.client.proxies import Proxy, choose_proxy, matches_exception, parse_proxy
from firstbyte.client.urls import parse_url
from firstbyte.errors import UrlError


@pytest.mark.parametrize(
    ("url", "option", "no_proxy", "environment", "proxy", "because"),
    [
        ("http://h/", None, None, {}, None, "none of"),
        ("http://h/", None, None, {"http_proxy": "p"}, "http://p:1080", "http_proxy says"),
        ("http://h/", None, None, {"HTTP_PROXY": "p"}, None, "none of"),
        ("http://h/", None, None, {"https_proxy": "p"}, None, "none of"),
        ("https://h/", None, None, {"HTTPS_PROXY": "p:8"}, "http://p:8", "HTTPS_PROXY"),
        (
            "https://h/",
            None,
            None,
            {"HTTPS_PROXY": "a", "https_proxy": "b"},
            "http://b:1080",
            "https_",
        ),
        ("https://h/", None, None, {"ALL_PROXY": "p"}, "http://p:1080", "ALL_PROXY"),
        (
            "http://h/",
            None,
            None,
            {"all_proxy": "p", "http_proxy": ""},
            "http://p:1080",
            "all_proxy",
        ),
        ("http://h/", "x:1", None, {"http_proxy": "p"}, "http://x:1", "-x says"),
        ("http://h/", "", None, {"http_proxy": "p"}, None, "turns proxies off"),
        ("http://h/", None, None, {"http_proxy": "p", "no_proxy": "h"}, None, "no_proxy has 'h'"),
        ("http://h/", None, None, {"http_proxy": "p", "NO_PROXY": "*"}, None, "NO_PROXY has '*'"),
        ("http://h/", "x:1", None, {"no_proxy": "h"}, None, "although -x"),
        ("http://h/", "x:1", "", {"no_proxy": "h"}, "http://x:1", "-x says"),
        ("http://h/", "x:1", "a, h", {}, None, "--noproxy has 'h'"),
        ("http://h/", "https://x", None, {}, "https://x:443", "-x says"),
        ("http://h/", "https://x:80", None, {}, "https://x:80", "-x says"),
    ],
)
def test_choices(url, option, no_proxy, environment, proxy, because):
    choice = choose_proxy(parse_url(url), option, no_proxy, environment)
    assert (str(choice.proxy) if choice.proxy else None) == proxy
    assert because in choice.because


@pytest.mark.parametrize(
    ("host", "entry", "matches"),
    [
        ("a.test", "a.test", True),
        ("A.test.", ".a.TEST", True),
        ("b.a.test", "a.test", True),
        ("b.a.test", ".a.test", True),
        ("ba.test", "a.test", False),
        ("a.test", "b.a.test", False),
        ("a.test", "*", False),
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("10.1.2.3", "10.1.2.3", True),
        ("10.1.2.3", "2.3", False),
        ("[2001:db8::1]", "2001:db8::/32", True),
        ("[::1]", "[::1]", True),
        ("[::1]", "::1", True),
        ("a.test", "10.0.0.0/8", False),
    ],
)
def test_exceptions(host: str, entry: str, matches: bool):
    assert matches_exception(parse_url(f"http://{host}/"), entry) is matches


def test_credentials_are_used_and_not_shown():
    proxy = parse_proxy("http://us%40er:pw@proxy:3128/ignored")
    assert proxy.authorization == "Basic dXNAZXI6cHc="
    assert str(proxy) == "http://proxy:3128"
    choice = choose_proxy(parse_url("http://h/"), "http://u:secret@p:1", None, {})
    assert "secret" not in choice.because
    assert Proxy("http", "p", 1).authorization is None


@pytest.mark.parametrize("text", ["socks5://p:1080", "socks5h://p", "socks4://p", "ftp://p"])
def test_other_schemes_are_refused(text: str):
    with pytest.raises(UrlError) as caught:
        parse_proxy(text)
    assert caught.value.id == "url.unsupported_scheme"


@pytest.mark.parametrize("text", ["http://", "p:0", "p:99999", "[::1", "http://a b"])
def test_malformed_proxies(text: str):
    with pytest.raises(UrlError):
        parse_proxy(text)
