"""``-v``: the facts of each layer are there."""

import msgspec
import pytest

from firstbyte.events.tls import VerifyError
from firstbyte.journey.model import Interim, Quic, Verify
from firstbyte.rendering.details import details
from firstbyte.rendering.look import Look
from testbed.journeys import expired, healthy, healthy_hop


def text_of(hop) -> str:
    return "\n".join(line.plain for line in details(healthy(hops=(hop,)), Look(120)))


@pytest.mark.parametrize(
    "words",
    [
        "shop.example. 300 A 203.0.113.7",
        "NOERROR · qr rd ra · no such record",
        "connect       [2001:db8::7]:443 · began at 30.5 ms · failed after 0.100 ms · ENETUNREACH",
        "mss 1460 · sack · timestamps · window scale 7 (ours) 7 (peer's)",
        "rtt 20.1 ms · rttvar 0.900 ms · snd_cwnd 10",
        "TLSv1.3 · TLS_AES_256_GCM_SHA384 · X25519MLKEM768",
        "h2 · offered h2, http/1.1",
        "certificate 2,834 B · encrypted",
        "CN=Example Intermediate CA",
        "names shop.example, www.shop.example",
        "✔ chain and name hold for shop.example",
        "> cookie: [redacted]",
        "< HTTP/2 200 OK",
        "< content-encoding: gzip",
        "58,412 B transferred · 211,034 B decoded from gzip",
    ],
)
def test_facts_of_a_healthy_request(words: str) -> None:
    assert words in text_of(healthy_hop())


def test_a_refused_chain_says_each_fault_with_its_depth() -> None:
    errors = (VerifyError(0, 10, "CERT_HAS_EXPIRED", "expired", "tls.cert.expired"),)
    tls = msgspec.structs.replace(healthy_hop().tls, verify=Verify(ok=False, errors=errors))
    assert "depth 0: CERT_HAS_EXPIRED (10) · expired · tls.cert.expired" in text_of(
        healthy_hop(tls=tls)
    )


def test_interim_responses_and_trailers_are_shown() -> None:
    interim = (Interim(12.5, 103, (("link", "</a.css>"),)),)
    http = msgspec.structs.replace(
        healthy_hop().http, interim=interim, trailers=(("server-timing", "db"),), truncated=True
    )
    text = text_of(healthy_hop(http=http))
    assert "< HTTP/2 103 at 12.50 ms" in text
    assert "< server-timing: db (trailer)" in text
    assert "cut by --max-bytes" in text


def test_quic_shows_path_and_packets() -> None:
    quic = Quic(
        version="1",
        retry=True,
        early_data=False,
        rtt_ms=20.5,
        min_rtt_ms=20.1,
        cwnd_bytes=14720,
        lost_packets=0,
        packets_sent=9,
        packets_received=1,
    )
    text = text_of(healthy_hop(quic=quic, tcp=None))
    assert "1 · after Retry" in text
    assert "rtt 20.5 ms · min 20.1 ms · cwnd 14.7 kB" in text
    assert "9 packets sent · 1 received · 0 lost" in text


def test_layers_that_did_not_happen_are_absent() -> None:
    assert "── http" not in "\n".join(line.plain for line in details(expired(), Look(80)))
