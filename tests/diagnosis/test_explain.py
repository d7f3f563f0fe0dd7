import pytest

from firstbyte.diagnosis.explain import all_pages, find, suggestions
from firstbyte.diagnosis.registry import all_rules
from firstbyte.journey.outcome import EXIT_CODES


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_every_finding_has_a_whole_page(rule: object) -> None:
    rule_id: str = rule.id  # type: ignore[attr-defined]
    page = find(rule_id)[0]
    assert page.name == rule_id
    assert page.kind == "finding"
    assert len(page.meaning) > 80
    assert page.title
    assert page.fixes
    assert page.references
    assert page.see
    assert page.aliases
    assert page.severity in {"critical", "error", "warning", "info"}


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("tls.cert.expired", "tls.cert.expired"),
        ("TLS.CERT.EXPIRED", "tls.cert.expired"),
        ("ECONNREFUSED", "tcp.refused"),
        ("econnrefused", "tcp.refused"),
        ("Error: connect ECONNREFUSED 127.0.0.1:3000", "tcp.refused"),
        ("ERR_CERT_DATE_INVALID", "tls.cert.expired"),
        ("NET::ERR_CERT_DATE_INVALID", "tls.cert.expired"),
        ("wrong version number", "tls.plain_http"),
        ("error:0A00010B:SSL routines::wrong version number", "tls.plain_http"),
        ("EAI_AGAIN", "dns.servfail"),
        ("getaddrinfo EAI_AGAIN api.example.com", "dns.servfail"),
        ("certificate has expired", "tls.cert.expired"),
        ("curl: (60) SSL certificate problem: certificate has expired", "tls.cert.expired"),
        ("curl: (52) Empty reply from server", "http.empty_reply"),
        ("x509: certificate signed by unknown authority", "tls.cert.unknown_authority"),
        ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", "tls.cert.missing_intermediate"),
        ("unable to get local issuer certificate", "tls.cert.missing_intermediate"),
        ("DEPTH_ZERO_SELF_SIGNED_CERT", "tls.cert.self_signed"),
        ("ERR_CERT_COMMON_NAME_INVALID", "tls.cert.wrong_name"),
        ("java.net.ConnectException: Connection refused (Connection refused)", "tcp.refused"),
        ("dial tcp 10.0.0.1:443: i/o timeout", "dns.silent"),
        ("Connection reset by peer", "tcp.reset"),
        ("socket hang up", "tcp.reset"),
        ("getaddrinfo ENOTFOUND nope.example", "dns.nxdomain"),
        ("Could not resolve host: nope.example", "dns.nxdomain"),
        ("ENETUNREACH", "tcp.no_route"),
        ("no route to host", "tcp.no_route"),
        ("PKIX path building failed", "tls.cert.unknown_authority"),
        ("TTFB", "http.slow_first_byte"),
        ("HelloRetryRequest", "tls.hello_retry"),
        ("NXDOMAIN", "dns.nxdomain"),
        ("tcp.connected", "tcp.connected"),
        ("TIME_WAIT", "TIME-WAIT"),
        ("time-wait", "TIME-WAIT"),
        ("econrefused", "tcp.refused"),
        ("certificate has expird", "tls.cert.expired"),
    ],
)
def test_what_people_search_for(term: str, expected: str) -> None:
    found = [page.name for page in find(term)]
    assert expected in found[:3]


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("", "tls.cert.unknown_authority"),
        (": certificate has expired (_ssl.c:1006)", "tls.cert.expired"),
        (": self-signed certificate (_ssl.c:1006)", "tls.cert.self_signed"),
        (": self-signed certificate in certificate chain", "tls.cert.unknown_authority"),
        (": unable to get local issuer certificate", "tls.cert.missing_intermediate"),
        (": Hostname mismatch, certificate is not valid for 'x'", "tls.cert.wrong_name"),
    ],
)
def test_the_reason_that_python_gives_leads_its_words(reason: str, expected: str) -> None:
    found = find(f"[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed{reason}")
    assert found[0].name == expected
    assert find("CERTIFICATE_VERIFY_FAILED")[0].name == "tls.cert.unknown_authority"


@pytest.mark.parametrize("error_id", [key for key in EXIT_CODES if not key.endswith(".")])
def test_every_error_id_is_explained(error_id: str) -> None:
    page = find(error_id)[0]
    assert page.name == error_id or error_id in page.aliases
    assert page.kind in {"finding", "error"}


def test_a_part_of_an_id_gives_all_of_the_family() -> None:
    assert {page.name for page in find("tls.cert")} >= {"tls.cert.expired", "tls.cert.weak"}


@pytest.mark.parametrize("term", ["", "   ", "::", "qwertzuiopasdfgh", "x" * 10_000])
def test_nonsense_finds_nothing(term: str) -> None:
    assert find(term) == []


def test_suggestions_for_what_is_misspelt() -> None:
    assert "tls.cert.expired" in suggestions("tls.crt.expird")


def test_names_of_pages_are_unique_within_their_kind() -> None:
    names = [(page.kind, page.name) for page in all_pages()]
    assert len(names) == len(set(names))


def test_every_event_and_every_state_has_a_page() -> None:
    kinds = [page.kind for page in all_pages()]
    assert kinds.count("state") == 11
    assert "ESTABLISHED" in find("TCP state machine")[0].drawing
    assert kinds.count("event") > 50
