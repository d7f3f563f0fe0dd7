"""Chains judged without a handshake get the verdict that a handshake would give."""

import time

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from firstbyte.client.options import TlsOptions
from firstbyte.errors import TlsError
from firstbyte.net.system import KernelSystem
from firstbyte.net.tls import make_settings
from firstbyte.net.tls_judge import Judgement, judge_chain
from testbed.pki import KINDS, Pki


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


def judged(pki: Pki, chain: list[bytes], name: str = "localhost", at_s: float = 0) -> Judgement:
    settings = make_settings(TlsOptions(ca_file=str(pki.root_file)), KernelSystem())
    return judge_chain(chain, settings, name, time.monotonic_ns, at_s or time.time())


def chain_of(pki: Pki, kind: str) -> list[bytes]:
    return [each.public_bytes(Encoding.DER) for each in pki.issue(kind).chain]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "revoked"])
def test_every_kind(pki: Pki, kind: str):
    chain = chain_of(pki, kind)
    judgement = judged(pki, chain)
    findings = {error.finding for error in judgement.verified.errors}
    expected = KINDS[kind]
    assert judgement.verified.ok is (expected is None)
    assert (findings == set()) if expected is None else (expected in findings)
    assert len(judgement.certificates.sent) == len(chain)
    assert judgement.verified.name_checked == "localhost"


def test_all_faults_are_told_at_once(pki: Pki):
    errors = judged(pki, chain_of(pki, "expired"), "elsewhere.example").verified.errors
    assert {error.finding for error in errors} == {"tls.cert.expired", "tls.cert.wrong_name"}


def test_an_address_is_checked(pki: Pki):
    assert judged(pki, chain_of(pki, "good"), "192.0.2.1").verified.errors


def test_the_built_chain_ends_at_the_root(pki: Pki):
    certificates = judged(pki, chain_of(pki, "good")).certificates
    assert certificates.built[-1].self_signed
    assert not certificates.built[-1].sent


@pytest.mark.parametrize("chain", [[], [b""], [b"garbage"]])
def test_what_cannot_be_read(pki: Pki, chain: list[bytes]):
    with pytest.raises(TlsError) as caught:
        judged(pki, chain)
    assert caught.value.id == "tls.protocol"


def test_garbage_after_the_leaf(pki: Pki):
    chain = [*chain_of(pki, "good")[:1], b"\x30\x03\x02\x01\x01"]
    with pytest.raises(TlsError) as caught:
        judged(pki, chain)
    assert caught.value.id == "tls.protocol"
