"""The stapled OCSP response: read, and checked for who signed it and when (RFC 6960, 3.2)."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from firstbyte.events.tls import Staple
from firstbyte.net.tls_certificates import rfc3339

_CLOCK_SKEW = timedelta(minutes=5)


def read_staple(der: bytes, chain: Sequence[x509.Certificate], wall_time_s: float) -> Staple:
    """Describe a stapled response; never raises.

    Args:
        der: the OCSPResponse.
        chain: the server's certificate and its issuers, leaf first.
        wall_time_s: Unix time to check its validity at.

    """
    try:
        response = ocsp.load_der_ocsp_response(der)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return Staple(status=response.response_status.name.lower())
        single = _about(response, chain)
        if single is None:
            return Staple(status="unrelated", valid=False)
        return _describe(response, single, chain, wall_time_s)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Staple(status="unreadable", valid=False)


def _about(
    response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]
) -> ocsp.OCSPSingleResponse | None:
    """The part of the response that speaks of the server's certificate."""
    if not chain:
        return None
    serial = chain[0].serial_number
    return next((single for single in response.responses if single.serial_number == serial), None)


def _describe(
    response: ocsp.OCSPResponse,
    single: ocsp.OCSPSingleResponse,
    chain: Sequence[x509.Certificate],
    wall_time_s: float,
) -> Staple:
    now = datetime.fromtimestamp(wall_time_s, UTC)
    next_update = single.next_update_utc
    revoked_at = single.revocation_time_utc
    signed = _is_signed(response, chain)
    current = single.this_update_utc - _CLOCK_SKEW <= now and (
        next_update is None or now <= next_update + _CLOCK_SKEW
    )
    return Staple(
        status=single.certificate_status.name.lower(),
        produced_at=rfc3339(response.produced_at_utc),
        this_update=rfc3339(single.this_update_utc),
        next_update=None if next_update is None else rfc3339(next_update),
        revoked_at=None if revoked_at is None else rfc3339(revoked_at),
        valid=None if signed is None else signed and current,
    )


def _is_signed(response: ocsp.OCSPResponse, chain: Sequence[x509.Certificate]) -> bool | None:
    """Whether the issuer, or a responder that it appointed, signed; None when it is not known."""
    if len(chain) < 2:
        return None
    issuer = chain[1]
    if _verifies(response, issuer):
        return True
    return any(
        _is_appointed(responder, issuer) and _verifies(response, responder)
        for responder in response.certificates
    )


def _is_appointed(responder: x509.Certificate, issuer: x509.Certificate) -> bool:
    """RFC 6960, 4.2.2.2: issued by the same CA, for OCSP signing."""
    try:
        responder.verify_directly_issued_by(issuer)
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        return False
    return ExtendedKeyUsageOID.OCSP_SIGNING in usage


def _verifies(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key = signer.public_key()
    algorithm = response.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and algorithm is not None:
            _verify_rsa(response, key, algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey) and algorithm is not None:
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
        elif isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
            key.verify(response.signature, response.tbs_response_bytes)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _verify_rsa(
    response: ocsp.OCSPResponse, key: rsa.RSAPublicKey, algorithm: hashes.HashAlgorithm
) -> None:
    key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
