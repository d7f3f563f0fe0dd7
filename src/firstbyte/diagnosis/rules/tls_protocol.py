"""The handshake broke TLS's rules."""

from firstbyte.diagnosis.evidence import endpoint, handshake_text, when_failed
from firstbyte.diagnosis.rule import Rule

RULE = Rule(
    id="tls.protocol",
    severity="critical",
    check=when_failed(
        "tls.protocol",
        lambda hop: f"What {endpoint(hop)} sent breaks the rules of TLS.",
        handshake_text,
    ),
    title="A broken TLS handshake",
    meaning=(
        "Bytes came that are no valid TLS: another protocol on the port, a damaged record, a "
        "message out of order, a wrong signature. A peer that is not what it seems, or a "
        "middlebox that changes what it should only carry."
    ),
    see=("openssl s_client -connect HOST:PORT -msg", "nc HOST PORT </dev/null | xxd | head"),
    fix="Check that the port speaks TLS; leave out proxies and middleboxes one by one.",
    references=("RFC 8446, 6.2", "RFC 8446, 5.1"),
    aliases=(
        "ERR_SSL_PROTOCOL_ERROR garbage",
        "unexpected message",
        "bad record mac",
        "decryption failed or bad record mac",
        "tlsv1 alert decode error",
        "SSL_ERROR_SSL",
        "tls: unexpected message",
        "bad signature",
        "decode_error",
        "illegal_parameter",
    ),
)
