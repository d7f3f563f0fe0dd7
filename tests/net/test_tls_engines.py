"""Which OpenSSL works: pyOpenSSL's on real networks, Python's own where entropy is seeded."""

import time

import pytest

from firstbyte.client.options import TlsOptions
from firstbyte.net import libssl, tls_libssl
from firstbyte.net.system import KernelSystem
from firstbyte.net.tls_engine import TlsEngine
from firstbyte.net.tls_engines import make_engine
from firstbyte.net.tls_libssl import LibsslConnection
from firstbyte.net.tls_settings import make_settings
from firstbyte.protocols.tls.messages import decode_message
from testbed.pki import Pki

needs_libssl = pytest.mark.skipif(libssl.load() is None, reason="this Python hides its OpenSSL")


class SeededSystem(KernelSystem):
    seeded = True


def engine(pki: Pki, system: KernelSystem, **options: str) -> TlsEngine:
    settings = make_settings(TlsOptions(ca_file=str(pki.root_file), **options), system)
    return make_engine(settings, "localhost", ("h2",), time.monotonic_ns, time.time())


def is_libssl(made: TlsEngine) -> bool:
    return isinstance(made._connection, LibsslConnection)


def offered(made: TlsEngine) -> dict[str, object]:
    made.handshake()
    (hello,) = (seen for seen in made.take_messages() if seen.content_type == 22)
    return decode_message(hello.content_type, hello.data, made.version_number)[1]


@needs_libssl
def test_a_library_that_makes_no_context_is_left_alone(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(libssl.load(), "SSL_CTX_new", lambda _method: None)
    assert not is_libssl(engine(pki, SeededSystem()))


def test_real_networks_never_see_pythons_openssl(pki: Pki) -> None:
    made = engine(pki, KernelSystem())
    assert not is_libssl(made)
    assert "X25519MLKEM768" in offered(made)["supported_groups"]


@needs_libssl
def test_a_seeded_hello_is_the_same_whatever_openssl_is_there(pki: Pki) -> None:
    made = engine(pki, SeededSystem())
    assert is_libssl(made)
    hello = offered(made)
    assert hello["supported_groups"] == ["x25519", "secp256r1", "x448", "secp384r1", "secp521r1"]
    assert hello["key_share"] == [{"group": "x25519", "bytes": 32}]
    assert hello["status_request"] == "ocsp"
    assert hello["supported_versions"] == ["TLSv1.3", "TLSv1.2"]


@needs_libssl
def test_what_is_chosen_is_offered(pki: Pki) -> None:
    client = pki.issue("good")
    files = {"cert_file": str(client.cert_file), "key_file": str(client.key_file)}
    options = {"ciphers": "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES128-GCM-SHA256", "curves": "P-256"}
    made = engine(pki, SeededSystem(), **options, **files)
    assert is_libssl(made)
    hello = offered(made)
    assert hello["supported_groups"] == ["secp256r1"]
    assert set(hello["cipher_suites"]) - {"TLS_EMPTY_RENEGOTIATION_INFO_SCSV"} == {
        "TLS_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    }


def test_what_only_pyopenssl_can_do_it_does(pki: Pki, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls_libssl, "_SIGNATURE_ALGORITHMS", "unknown_to_it")
    assert not is_libssl(engine(pki, SeededSystem()))
    monkeypatch.setattr(libssl, "load", lambda: None)
    made = engine(pki, SeededSystem())
    assert not is_libssl(made)
    assert "X25519MLKEM768" not in offered(made)["supported_groups"]


def test_a_library_without_a_function_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(libssl._FUNCTIONS, "SSL_no_such_function", (None,))
    assert libssl.load.__wrapped__() is None


def test_another_library_than_openssl_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libssl.ssl, "OPENSSL_VERSION", "AWS-LC 1.61.0")
    assert libssl.load.__wrapped__() is None


def test_a_python_that_holds_openssl_inside_has_none_to_give(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import _ssl

    monkeypatch.delattr(_ssl, "__file__")
    assert libssl.open_library() is None
    assert libssl.load.__wrapped__() is None
