"""HTTPS resource records (RFC 9460): the name to ask for, and what a record says."""

from collections.abc import Sequence

from firstbyte.protocols.dns.names import ROOT, to_text
from firstbyte.protocols.dns.svcb import ServiceBinding, read_binding
from firstbyte.resolver.base import HttpsRecord

ROOT_TEXT = "."
_UNDERSTOOD = frozenset(range(7))
"""SvcParamKeys mandatory to ipv6hint (RFC 9460, 14.3.2): those that a client of ours acts on."""
_NO_SERVICE_PRIORITY = 65535


def https_name(host: str, port: int = 443, scheme: str = "https") -> str:
    """The owner name of the origin's HTTPS record (RFC 9460, 9.1 and 9.5).

    The default port needs no prefix; ``http`` on port 80 is asked as ``https`` on 443.
    """
    default = port == 443 or (scheme == "http" and port == 80)
    return host if default else f"_{port}._https.{host}"


def read_service(binding: ServiceBinding, owner: str, ttl_s: int) -> HttpsRecord | None:
    """A ServiceMode record, or None when it is not for us.

    A record with a mandatory key that is not understood must be ignored (RFC 9460, 8).

    Args:
        binding: the record, with a priority above 0.
        owner: the name that carries the record, after aliases.
        ttl_s: the record's.

    """
    if not _UNDERSTOOD.issuperset(binding.mandatory):
        return None
    return HttpsRecord(
        priority=binding.priority,
        # "." means the record's owner itself (RFC 9460, 2.5.2).
        target=owner if binding.target == ROOT else shown_name(binding.target),
        alpn=tuple(word.decode("latin-1") for word in binding.alpn),
        no_default_alpn=binding.no_default_alpn,
        port=binding.port,
        ipv4hint=binding.ipv4hint,
        ipv6hint=binding.ipv6hint,
        ech=binding.ech,
        ttl_s=ttl_s,
    )


def read_set(
    rdatas: Sequence[bytes], owner: str, ttl_s: int
) -> tuple[str | None, tuple[HttpsRecord, ...]]:
    """What a set says: the target of its alias, or its services, the most preferred first.

    Beside a record in AliasMode the others are ignored (RFC 9460, 2.4.1); an alias to "." says
    that there is no service (2.5.1).

    Raises:
        DecodeError: a record is malformed, so that the whole set must be ignored (2.2).

    """
    bindings = [read_binding(data) for data in rdatas]
    for binding in bindings:
        if binding.priority == 0:
            return (None if binding.target == ROOT else shown_name(binding.target)), ()
    services = filter(None, (read_service(binding, owner, ttl_s) for binding in bindings))
    return None, tuple(sorted(services, key=lambda record: record.priority))


def plain_service(target: str, ttl_s: int) -> HttpsRecord:
    """What an alias to a name without service records stands for (RFC 9460, 3, step 3)."""
    return HttpsRecord(priority=_NO_SERVICE_PRIORITY, target=target, ttl_s=ttl_s)


def shown_name(name: bytes) -> str:
    """A name in lower case without its final dot; the root's is its name."""
    return ROOT_TEXT if name == ROOT else to_text(name).removesuffix(".").lower()
