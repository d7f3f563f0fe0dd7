"""The peer ended the handshake with an alert."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint, handshake_text
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Journey

_PREFIX = "tls.alert."


def _check(journey: Journey) -> Iterator[Observation]:
    error = journey.outcome.error
    if error is not None and error.id.startswith(_PREFIX) and journey.hops:
        hop = journey.hops[-1]
        yield Observation(
            f"{endpoint(hop)} refused the handshake with the alert {error.id[len(_PREFIX) :]}.",
            f"{handshake_text(hop)}; {error.message}",
        )


RULE = Rule(
    id="tls.alert",
    severity="critical",
    check=_check,
    title="The handshake ended with an alert",
    meaning=(
        "The peer says in one word why it does not go on: unrecognized_name (no site for this "
        "SNI), internal_error (look in its log), access_denied, decode_error, unknown_ca (it does "
        "not trust the client's certificate), and so on."
    ),
    see=("openssl s_client -connect HOST:443 -servername HOST -msg",),
    fix="Look up the alert's name in RFC 8446, 6.2, and the server's error log at this time.",
    cures=(
        "unrecognized_name: the server has no site of this name; check SNI and server_name.",
        "unknown_ca, bad_certificate: the server rejects the client certificate.",
    ),
    references=("RFC 8446, 6.2", "RFC 6066, 3"),
    aliases=(
        "unrecognized_name",
        "tlsv1 unrecognized name",
        "SSL_ERROR_UNRECOGNIZED_NAME_ALERT",
        "internal_error",
        "tlsv1 alert internal error",
        "access_denied",
        "unknown_ca alert",
        "ERR_SSL_UNRECOGNIZED_NAME_ALERT",
        "remote error: tls: internal error",
        "Received fatal alert",
        "sslv3 alert bad certificate",
        "tlsv1 alert unknown ca",
    ),
)
