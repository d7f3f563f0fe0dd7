"""HTTPS resource records (RFC 9460): the name to ask for, and what a record says."""

from typing import TYPE_CHECKING

from firstbyte.resolver.base import HttpsRecord

if TYPE_CHECKING:
    from dns.rdtypes.svcbbase import SVCBBase

_UNDERSTOOD = frozenset(range(7))
"""SvcParamKeys mandatory to ipv6hint (RFC 9460, 14.3.2): those that a client of ours acts on."""
_NO_SERVICE_PRIORITY = 65535


def https_name(host: str, port: int = 443, scheme: str = "https") -> str:
    """The owner name of the origin's HTTPS record (RFC 9460, 9.1 and 9.5).

    The default port needs no prefix; ``http`` on port 80 is asked as ``https`` on 443.
    """
    default = port == 443 or (scheme == "http" and port == 80)
    return host if default else f"_{port}._https.{host}"


def read_service(rdata: "SVCBBase", owner: str, ttl_s: int) -> HttpsRecord | None:
    """A ServiceMode record, or None when it is not for us.

    A record with a mandatory key that is not understood must be ignored (RFC 9460, 8).

    Args:
        rdata: dnspython's record, with a priority above 0.
        owner: the name that carries the record, after aliases.
        ttl_s: the record's.

    """
    from dns.rdtypes.svcbbase import ParamKey

    params = rdata.params
    mandatory = params.get(ParamKey.MANDATORY)
    if mandatory is not None and not _UNDERSTOOD.issuperset(map(int, mandatory.keys)):
        return None
    return HttpsRecord(
        priority=rdata.priority,
        target=_target(rdata, owner),
        alpn=tuple(
            item.decode("latin-1")
            for item in (params[ParamKey.ALPN].ids if ParamKey.ALPN in params else ())
        ),
        no_default_alpn=ParamKey.NO_DEFAULT_ALPN in params,
        port=params[ParamKey.PORT].port if ParamKey.PORT in params else None,
        ipv4hint=_hint(rdata, ParamKey.IPV4HINT),
        ipv6hint=_hint(rdata, ParamKey.IPV6HINT),
        ech=params[ParamKey.ECH].ech if ParamKey.ECH in params else None,
        ttl_s=ttl_s,
    )


def plain_service(target: str, ttl_s: int) -> HttpsRecord:
    """What an alias to a name without service records stands for (RFC 9460, 3, step 3)."""
    return HttpsRecord(priority=_NO_SERVICE_PRIORITY, target=target, ttl_s=ttl_s)


def _hint(rdata: "SVCBBase", key: int) -> tuple[str, ...]:
    value = rdata.params.get(key)
    return () if value is None else tuple(value.addresses)


def _target(rdata: "SVCBBase", owner: str) -> str:
    """The endpoint's name; "." means the record's owner itself (RFC 9460, 2.5.2)."""
    from dns.name import root

    target = rdata.target
    return owner if target == root else target.to_text(omit_final_dot=True).lower()
