import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.net.tls_staple import read_staple
from testbed.pki import Pki

DAY_S = 86400


@pytest.fixture
def now_s(pki: Pki) -> float:
    return pki.now.timestamp()


def test_a_good_staple_holds_in_its_time_alone(pki: Pki, now_s: float) -> None:
    chain = pki.issue("good").chain
    der = pki.staple(chain[0], pki.intermediate)
    staple = read_staple(der, chain, now_s)
    assert (staple.status, staple.valid, staple.revoked_at) == ("good", True, None)
    assert staple.next_update is not None
    assert read_staple(der, chain, now_s + 4 * DAY_S).valid is False
    assert read_staple(der, chain, now_s - 2 * DAY_S).valid is False


def test_an_appointed_responder_may_sign(pki: Pki, now_s: float) -> None:
    chain = pki.issue("good").chain
    der = pki.staple(chain[0], pki.intermediate, signer=pki.ocsp_responder())
    assert read_staple(der, chain, now_s).valid is True


def test_any_other_signer_may_not(pki: Pki, now_s: float) -> None:
    chain = pki.issue("good").chain
    for stranger in (pki.root, pki.stranger):
        der = pki.staple(chain[0], pki.intermediate, revoked=True, signer=stranger)
        staple = read_staple(der, chain, now_s)
        assert (staple.status, staple.valid) == ("revoked", False)


def test_without_the_issuer_nobody_knows(pki: Pki, now_s: float) -> None:
    chain = pki.issue("good").chain
    der = pki.staple(chain[0], pki.intermediate)
    assert read_staple(der, chain[:1], now_s).valid is None


def test_a_staple_about_another_certificate_counts_for_nothing(pki: Pki, now_s: float) -> None:
    der = pki.staple(pki.issue("revoked").chain[0], pki.intermediate, revoked=True)
    staple = read_staple(der, pki.issue("good").chain, now_s)
    assert (staple.status, staple.valid) == ("unrelated", False)


def test_a_responders_own_error_is_its_status(pki: Pki, now_s: float) -> None:
    status = ocsp.OCSPResponseStatus.TRY_LATER
    der = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    assert read_staple(der, pki.issue("good").chain, now_s).status == "try_later"


@given(st.binary(max_size=200))
def test_bytes_that_are_no_staple_never_raise(data: bytes) -> None:
    staple = read_staple(data, (), 0)
    assert not staple.valid
