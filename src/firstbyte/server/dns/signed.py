"""Queries that are signed with TSIG: checked before they are answered, and answered alike."""

from typing import NamedTuple

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.tsig import (
    BADKEY,
    BADTIME,
    Chain,
    Fault,
    Key,
    Signed,
    refusal,
    split,
)
from firstbyte.server.dns.answers import Client, Manners, read, reply
from firstbyte.server.dns.lookup import Found


class Opened(NamedTuple):
    """A query without its signature. ``refused``: the answer to one that does not hold."""

    query: bytes
    chain: Chain | None = None
    """Signs the answers, where the query is signed."""
    refused: bytes | None = None


def opened(query: bytes, client: Client, manners: Manners, now_s: float) -> Opened:
    """Check the signature of ``query``, if it has one (RFC 8945, 5.2)."""
    if len(query) < 12 or query[2] & 0x80:
        return Opened(query)
    try:
        signed = split(query)
    except DecodeError:
        return Opened(query)  # which is FORMERR
    if signed is None:
        return Opened(query)
    key = next((key for key in manners.keys if key.name == signed.name), None)
    if key is None:
        bare = _bare(signed, client, manners)
        return Opened(query, refused=refusal(bare, signed, BADKEY, now_s))
    chain = Chain(key)
    try:
        return Opened(chain.check(query, now_s), chain)
    except Fault as fault:
        bare = _bare(signed, client, manners)
        return Opened(query, refused=_refused(bare, signed, fault, key, now_s))


def _refused(bare: bytes, signed: Signed, fault: Fault, key: Key, now_s: float) -> bytes:
    if fault.code != BADTIME:
        return refusal(bare, signed, fault.code, now_s)
    # signed, for the client is told how late it is here (5.2.3); the time is its own
    told = int(now_s).to_bytes(6, "big")
    own_s = float(signed.rdata.time_signed)
    return Chain(key, signed.rdata.mac).sign(bare, own_s, error=BADTIME, other=told)


def _bare(signed: Signed, client: Client, manners: Manners) -> bytes:
    """An answer without records."""
    message = read(signed.data)
    if isinstance(message, Message):
        return reply(message, Found(dns.NOTAUTH, authoritative=False), client, manners)
    return signed.data[:2] + bytes((0x80 | signed.data[2] & 0x79, dns.NOTAUTH)) + bytes(8)


def signed_by(client: Client, chain: Chain | None) -> Client:
    """The client, known by the key with which it signed."""
    return client if chain is None else Client(client.address, client.transport, chain.key)
