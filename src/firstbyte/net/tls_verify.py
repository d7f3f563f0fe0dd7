"""What OpenSSL's verification errors mean: our finding for each, and which one matters most."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from firstbyte.errors import TlsError
from firstbyte.events.tls import VerifyError

if TYPE_CHECKING:
    from cryptography import x509

REVOKED = 23

_EXPIRED = "tls.cert.expired"
_NOT_YET_VALID = "tls.cert.not_yet_valid"
_SELF_SIGNED = "tls.cert.self_signed"
_UNKNOWN = "tls.cert.unknown_authority"
_MISSING = "tls.cert.missing_intermediate"
_WRONG_NAME = "tls.cert.wrong_name"
_REVOKED = "tls.cert.revoked"
_WEAK = "tls.cert.weak"
_WRONG_USE = "tls.cert.wrong_use"
_INVALID = "tls.cert.invalid"

_NO_CRL = {3, 33}
"""A CRL that was not given, or whose issuer was not: no fault of the peer's."""

_ISSUER_NOT_FOUND = {20, 21}

# X509_V_ERR_* of openssl/x509_vfy.h: name and finding
_CODES: dict[int, tuple[str, str]] = {
    1: ("UNSPECIFIED", _INVALID),
    2: ("UNABLE_TO_GET_ISSUER_CERT", _UNKNOWN),
    3: ("UNABLE_TO_GET_CRL", _INVALID),
    4: ("UNABLE_TO_DECRYPT_CERT_SIGNATURE", _INVALID),
    5: ("UNABLE_TO_DECRYPT_CRL_SIGNATURE", _INVALID),
    6: ("UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", _INVALID),
    7: ("CERT_SIGNATURE_FAILURE", _INVALID),
    8: ("CRL_SIGNATURE_FAILURE", _INVALID),
    9: ("CERT_NOT_YET_VALID", _NOT_YET_VALID),
    10: ("CERT_HAS_EXPIRED", _EXPIRED),
    11: ("CRL_NOT_YET_VALID", _INVALID),
    12: ("CRL_HAS_EXPIRED", _INVALID),
    13: ("ERROR_IN_CERT_NOT_BEFORE_FIELD", _INVALID),
    14: ("ERROR_IN_CERT_NOT_AFTER_FIELD", _INVALID),
    15: ("ERROR_IN_CRL_LAST_UPDATE_FIELD", _INVALID),
    16: ("ERROR_IN_CRL_NEXT_UPDATE_FIELD", _INVALID),
    17: ("OUT_OF_MEM", _INVALID),
    18: ("DEPTH_ZERO_SELF_SIGNED_CERT", _SELF_SIGNED),
    19: ("SELF_SIGNED_CERT_IN_CHAIN", _UNKNOWN),
    20: ("UNABLE_TO_GET_ISSUER_CERT_LOCALLY", _UNKNOWN),
    21: ("UNABLE_TO_VERIFY_LEAF_SIGNATURE", _UNKNOWN),
    22: ("CERT_CHAIN_TOO_LONG", _INVALID),
    23: ("CERT_REVOKED", _REVOKED),
    24: ("NO_ISSUER_PUBLIC_KEY", _INVALID),
    25: ("PATH_LENGTH_EXCEEDED", _INVALID),
    26: ("INVALID_PURPOSE", _WRONG_USE),
    27: ("CERT_UNTRUSTED", _UNKNOWN),
    28: ("CERT_REJECTED", _WRONG_USE),
    29: ("SUBJECT_ISSUER_MISMATCH", _INVALID),
    30: ("AKID_SKID_MISMATCH", _INVALID),
    31: ("AKID_ISSUER_SERIAL_MISMATCH", _INVALID),
    32: ("KEYUSAGE_NO_CERTSIGN", _WRONG_USE),
    33: ("UNABLE_TO_GET_CRL_ISSUER", _INVALID),
    34: ("UNHANDLED_CRITICAL_EXTENSION", _INVALID),
    35: ("KEYUSAGE_NO_CRL_SIGN", _INVALID),
    36: ("UNHANDLED_CRITICAL_CRL_EXTENSION", _INVALID),
    37: ("INVALID_NON_CA", _WRONG_USE),
    38: ("PROXY_PATH_LENGTH_EXCEEDED", _INVALID),
    39: ("KEYUSAGE_NO_DIGITAL_SIGNATURE", _WRONG_USE),
    40: ("PROXY_CERTIFICATES_NOT_ALLOWED", _INVALID),
    41: ("INVALID_EXTENSION", _INVALID),
    42: ("INVALID_POLICY_EXTENSION", _INVALID),
    43: ("NO_EXPLICIT_POLICY", _INVALID),
    44: ("DIFFERENT_CRL_SCOPE", _INVALID),
    45: ("UNSUPPORTED_EXTENSION_FEATURE", _INVALID),
    46: ("UNNESTED_RESOURCE", _INVALID),
    47: ("PERMITTED_VIOLATION", _INVALID),
    48: ("EXCLUDED_VIOLATION", _INVALID),
    49: ("SUBTREE_MINMAX", _INVALID),
    50: ("APPLICATION_VERIFICATION", _INVALID),
    51: ("UNSUPPORTED_CONSTRAINT_TYPE", _INVALID),
    52: ("UNSUPPORTED_CONSTRAINT_SYNTAX", _INVALID),
    53: ("UNSUPPORTED_NAME_SYNTAX", _INVALID),
    54: ("CRL_PATH_VALIDATION_ERROR", _INVALID),
    55: ("PATH_LOOP", _INVALID),
    62: ("HOSTNAME_MISMATCH", _WRONG_NAME),
    63: ("EMAIL_MISMATCH", _WRONG_NAME),
    64: ("IP_ADDRESS_MISMATCH", _WRONG_NAME),
    65: ("DANE_NO_MATCH", _INVALID),
    66: ("EE_KEY_TOO_SMALL", _WEAK),
    67: ("CA_KEY_TOO_SMALL", _WEAK),
    68: ("CA_MD_TOO_WEAK", _WEAK),
    69: ("INVALID_CALL", _INVALID),
    70: ("STORE_LOOKUP", _INVALID),
    71: ("NO_VALID_SCTS", _INVALID),
    72: ("PROXY_SUBJECT_NAME_VIOLATION", _INVALID),
    73: ("OCSP_VERIFY_NEEDED", _INVALID),
    74: ("OCSP_VERIFY_FAILED", _INVALID),
    75: ("OCSP_CERT_UNKNOWN", _INVALID),
    76: ("UNSUPPORTED_SIGNATURE_ALGORITHM", _INVALID),
    77: ("SIGNATURE_ALGORITHM_MISMATCH", _INVALID),
    78: ("SIGNATURE_ALGORITHM_INCONSISTENCY", _INVALID),
    79: ("INVALID_CA", _INVALID),
    80: ("PATHLEN_INVALID_FOR_NON_CA", _INVALID),
    81: ("PATHLEN_WITHOUT_KU_KEY_CERT_SIGN", _INVALID),
    82: ("KU_KEY_CERT_SIGN_INVALID_FOR_NON_CA", _INVALID),
    83: ("ISSUER_NAME_EMPTY", _INVALID),
    84: ("SUBJECT_NAME_EMPTY", _INVALID),
    85: ("MISSING_AUTHORITY_KEY_IDENTIFIER", _INVALID),
    86: ("MISSING_SUBJECT_KEY_IDENTIFIER", _INVALID),
    87: ("EMPTY_SUBJECT_ALT_NAME", _INVALID),
    88: ("EMPTY_SUBJECT_SAN_NOT_CRITICAL", _INVALID),
    89: ("CA_BCONS_NOT_CRITICAL", _INVALID),
    90: ("AUTHORITY_KEY_IDENTIFIER_CRITICAL", _INVALID),
    91: ("SUBJECT_KEY_IDENTIFIER_CRITICAL", _INVALID),
    92: ("CA_CERT_MISSING_KEY_USAGE", _INVALID),
    93: ("EXTENSIONS_REQUIRE_VERSION_3", _INVALID),
    94: ("EC_KEY_EXPLICIT_PARAMS", _INVALID),
    95: ("RPK_UNTRUSTED", _UNKNOWN),
}

# Most serious first: the order in which browsers choose the one error that they show.
_RANK = (
    _REVOKED,
    _INVALID,
    _SELF_SIGNED,
    _MISSING,
    _UNKNOWN,
    _WRONG_NAME,
    _WRONG_USE,
    _WEAK,
    _EXPIRED,
    _NOT_YET_VALID,
)

_HINTS = {
    _EXPIRED: "renew the certificate on the server (or check this machine's clock)",
    _NOT_YET_VALID: "check this machine's clock; else the certificate was made for later",
    _SELF_SIGNED: "trust it by --cacert FILE, or give the server a certificate of a known CA",
    _UNKNOWN: "if you trust the CA, name its root certificate with --cacert FILE",
    _MISSING: "the server must send its intermediate certificates after its own",
    _WRONG_NAME: "use a name that the certificate holds, or have this one added to it",
    _REVOKED: "the CA has withdrawn the certificate: get a new one, with a new key",
    _WEAK: "reissue the certificate with a key of 2048 bits or more and a SHA-2 signature",
    _WRONG_USE: "the certificate is not meant for a TLS server: issue one with serverAuth",
    _INVALID: "the chain breaks a rule of RFC 5280: have it issued anew",
}


def explain_errors(
    found: Iterable[tuple[int, int]], chain: "Sequence[x509.Certificate]"
) -> tuple[VerifyError, ...]:
    """OpenSSL's (code, depth) pairs as errors with names and finding ids.

    Args:
        found: in the order of discovery.
        chain: as verification built it, leaf first; it helps to tell a missing intermediate
            from an unknown authority.

    """
    return tuple(
        verify_error(code, depth, _missing_or_unknown(code, depth, chain))
        for code, depth in found
        if code not in _NO_CRL
    )


def verify_error(code: int, depth: int, finding: str | None = None) -> VerifyError:
    """One error; ``finding`` overrides the table's."""
    from firstbyte.net.tls_bindings import verify_message

    name, usual = _CODES.get(code, (f"UNKNOWN_{code}", _INVALID))
    return VerifyError(
        depth=depth,
        code=code,
        name=name,
        message=verify_message(code),
        finding=finding or usual,
    )


def worst(errors: Sequence[VerifyError]) -> VerifyError:
    """The error to report when there is room for one."""
    return min(errors, key=lambda error: _RANK.index(error.finding))


def verification_failure(errors: Sequence[VerifyError], name: str) -> TlsError:
    """The error to raise for a chain with ``errors`` that was checked for ``name``."""
    chief = worst(errors)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    place = "the server's certificate" if chief.depth == 0 else f"the CA at depth {chief.depth}"
    return TlsError(
        chief.finding,
        f"{place} for {name} is not acceptable: {chief.message}{more}",
        _HINTS[chief.finding],
    )


def _missing_or_unknown(code: int, depth: int, chain: "Sequence[x509.Certificate]") -> str | None:
    """Why the issuer of the certificate at ``depth`` was not found.

    Both faults look the same to OpenSSL. It is a missing intermediate when the certificate itself
    points to one: it names a place to fetch its issuer from, or its issuer's name says so, or it
    tells that its issuer was issued by somebody else. Roots are never sent, so only the end
    entity's issuer counts: above it, an issuer that is not found is a root that is not trusted.
    """
    if code not in _ISSUER_NOT_FOUND:
        return None
    if depth > 0 or not chain:
        return _UNKNOWN
    return _MISSING if _points_to_intermediate(chain[0]) else _UNKNOWN


def _points_to_intermediate(certificate: "x509.Certificate") -> bool:
    from firstbyte.net.tls_certificates import issuer_is_intermediate

    return issuer_is_intermediate(certificate)
