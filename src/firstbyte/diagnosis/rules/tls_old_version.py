"""An old TLS version was agreed on."""

from collections.abc import Iterator

from firstbyte.diagnosis.evidence import endpoint
from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.journey.model import Hop, Journey

_CURRENT = "TLSv1.3"
_ACCEPTED = "TLSv1.2"


def _check(journey: Journey) -> Iterator[Observation]:
    for hop in journey.hops:
        version = hop.tls.version if hop.tls is not None else None
        if version is None or version == _CURRENT or hop.reused:
            continue
        text = f"{endpoint(hop)} agreed on {version}; {_CURRENT} is the current version."
        if version != _ACCEPTED:
            yield Observation(text, _evidence(hop), "error")
        elif _offered_current(hop):
            yield Observation(text, _evidence(hop))


def _evidence(hop: Hop) -> str:
    tls = hop.tls
    return f"{tls.version}, {tls.cipher}" if tls is not None else ""


def _offered_current(hop: Hop) -> bool:
    """False when the ClientHello is known and TLS 1.3 was not on offer (--tls-max 1.2)."""
    hellos = [m for m in (hop.tls.messages if hop.tls else ()) if m.type == "client_hello"]
    details = [str(m.detail) for m in hellos if m.detail]
    return not details or any(_CURRENT in detail for detail in details)


RULE = Rule(
    id="tls.old_version",
    severity="warning",
    check=_check,
    title="An old TLS version",
    meaning=(
        "TLS 1.3 was offered and the server chose an older version. TLS 1.2 is still safe when "
        "configured well, but takes a round trip more and shows the certificate to everybody on "
        "the way. TLS 1.1 and older are broken and forbidden."
    ),
    see=("openssl s_client -connect HOST:443 -tls1_3 </dev/null | grep -e Protocol -e 'New,'",),
    fix="Enable TLS 1.3 on the server (nginx: ssl_protocols TLSv1.2 TLSv1.3).",
    references=("RFC 9325, 3.1.1", "RFC 8996", "RFC 8446, 1.2"),
    aliases=("old tls", "TLSv1.2", "TLS 1.0", "TLS 1.1", "deprecated protocol version"),
)
