import pytest

from firstbyte.events import dns, http
from firstbyte.journey.model import TcpOptions, WindowScale
from firstbyte.journey.phase_why import options_text, version_text
from testbed.events import Story


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (None, ""),
        (TcpOptions(1460, True, True, WindowScale(7, 8)), "mss 1460 sack ts wscale 7/8"),
        (TcpOptions(1460, False, False, None), "mss 1460"),
        (TcpOptions(None, None, None, WindowScale(None, 7)), ""),
    ],
)
def test_options(options: TcpOptions | None, text: str) -> None:
    assert options_text(options) == text


def test_versions_as_people_write_them() -> None:
    assert version_text("TLSv1.3") == "TLS 1.3"


def why(story: Story, phase: str) -> str:
    return str(getattr(story.journey().hops[0].phases, phase).why)


def test_names() -> None:
    assert why(Story().lookup(types=("A",)), "dns") == "cold: 1 question"
    assert why(Story().hosts("127.0.0.1"), "dns") == "hosts file"
    silent = Story().lookup_fails("dns.silent", took_ms=1000)
    assert why(silent, "dns") == "cold: 4 questions, 4 not answered, silent"


def test_an_option_that_gave_the_address() -> None:
    story = Story()
    story.emit(dns.LookupStarted("site.test", ("A",)))
    story.emit(dns.HostsHit("site.test", ("192.0.2.1",), "--resolve"))
    assert why(story, "dns") == "--resolve"


def test_handshakes() -> None:
    cold = Story().connect()
    assert why(cold.handshake(resumed=True), "tls") == "TLS 1.3 X25519MLKEM768, h2, resumed"
    assert why(Story().connect().handshake_fails("tls.dropped"), "tls") == "tls.dropped"
    started = Story().connect()
    started.handshake_fails("tls.dropped")
    started.events = started.events[:-3]
    assert why(started, "tls") == "not finished"


def test_exchanges() -> None:
    story = Story().connect().request(method="POST", body_bytes=80)
    assert why(story, "send") == "POST, 200 bytes"
    assert why(story.pause(5).fails("http.empty_reply", "wait"), "wait") == "no answer"
    hinted = Story().connect().request()
    hinted.on(http.FirstByte())
    hinted.on(http.Informational(103, ()))
    assert why(hinted.response(), "wait") == "server thinking, until 103"
    cut = Story().connect().request().response()
    cut.on(http.BodyReceived(512))
    assert why(cut.fails("http.short_body", "receive"), "receive") == "cut after 512 bytes"
    whole = Story().connect().request().response()
    assert why(whole.body(900, decoded=4000, encoding="br"), "receive") == (
        "900 bytes br, 4000 decoded"
    )
