import pytest

from firstbyte.events import http, trace
from firstbyte.journey.redact import redact_header, redact_text, redact_url
from testbed.events import Story


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://user:pass@site.test/", "https://[redacted]@site.test/"),
        ("see http://u@h/x?a=1", "see http://[redacted]@h/x?a=1"),
        ("https://user:p@ss@site.test/", "https://[redacted]@site.test/"),
        ("https://h/?token=abc&x=1", "https://h/?token=[redacted]&x=1"),
        ("/path?x=1&access_token=abc#f", "/path?x=1&access_token=[redacted]#f"),
        ("/?X-Amz-Signature=abc", "/?X-Amz-Signature=[redacted]"),
        ("/?sig=abc&se=2026", "/?sig=[redacted]&se=2026"),
        ("/?api_key=k&apikey=l&key=m", "/?api_key=[redacted]&apikey=[redacted]&key=[redacted]"),
        ("/?PassWord=p;q=1", "/?PassWord=[redacted];q=1"),
        ("/?monkey=1&design=2&keyboard=3", "/?monkey=1&design=2&keyboard=3"),
        ("https://h/a@b?x=y@z", "https://h/a@b?x=y@z"),
        ("no url at all", "no url at all"),
    ],
)
def test_text(text: str, expected: str) -> None:
    assert redact_text(text) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Authorization", "Bearer abc.def", "Bearer [redacted]"),
        ("proxy-authorization", "Basic dTpw", "Basic [redacted]"),
        ("authorization", "opaque", "[redacted]"),
        ("Cookie", "a=1; b=2", "a=[redacted]; b=[redacted]"),
        ("Set-Cookie", "id=1; Path=/; HttpOnly", "id=[redacted]; Path=/; HttpOnly"),
        ("x-api-key", "k", "[redacted]"),
        ("location", "https://h/?code=1", "https://h/?code=[redacted]"),
        ("content-type", "text/html; charset=utf-8", "text/html; charset=utf-8"),
    ],
)
def test_headers(name: str, value: str, expected: str) -> None:
    assert redact_header(name, value) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("user:pass@site.test/a@b", "[redacted]@site.test/a@b"),
        ("https://user:pass@site.test/", "https://[redacted]@site.test/"),
        ("site.test/?mail=a@b", "site.test/?mail=a@b"),
    ],
)
def test_urls(url: str, expected: str) -> None:
    assert redact_url(url) == expected


def secret_story() -> Story:
    url = "https://me:hunter2@site.test/?token=hunter2"
    story = Story(url).lookup().connect().handshake()
    story.emit(trace.Decision("proxy", "http://me:hunter2@proxy.test", "https_proxy is set"))
    story.request(target="/?token=hunter2", headers=(("authorization", "Basic hunter2"),))
    headers = (
        ("set-cookie", "id=hunter2"),
        ("location", "https://me:hunter2@site.test/?password=hunter2"),
    )
    story.response(status=302, headers=headers)
    story.on(http.Trailers((("cookie", "a=hunter2"),)))
    return story.body().fails("http.status", "receive", "https://me:hunter2@site.test/ said 302")


def test_no_secret_is_left_anywhere() -> None:
    journey = secret_story().journey()
    assert b"hunter2" not in journey.to_json()
    assert journey.hops[0].redirect_url == "https://[redacted]@site.test/?password=[redacted]"


def test_secrets_are_kept_when_they_are_asked_for() -> None:
    journey = secret_story().journey(secrets=True)
    assert journey.url == "https://me:hunter2@site.test/?token=hunter2"
    assert journey.hops[0].http is not None
    assert journey.hops[0].http.request_headers == (("authorization", "Basic hunter2"),)
