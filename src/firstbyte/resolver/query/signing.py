"""A question that is signed with TSIG, and the judgement of what answers it (RFC 8945)."""

from collections.abc import Sequence

from firstbyte.errors import DecodeError
from firstbyte.net import system
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.tsig import BADSIG, Chain, Fault, Key
from firstbyte.resolver.query.carry import Unanswered


class Signer:
    """Of one query to one server: ``sign`` it, then ``judge`` the answer."""

    def __init__(self, key: Key) -> None:
        self._chain = Chain(key)

    def sign(self, query: bytes) -> bytes:
        """The query with its signature."""
        return self._chain.sign(query, system.current().wall_time_s())

    def judge(self, found: Sequence[bytes], *, multi: bool) -> tuple[str, ...]:
        """What became of the signatures of the answer's messages; ``multi``: a transfer's.

        Raises:
            Unanswered: they do not hold. A refusal is told as it is, signed or not.

        """
        try:
            for data in found:
                self._chain.check(data, system.current().wall_time_s(), multi=multi)
            if not self._chain.whole:
                raise Fault("the last message is not signed", BADSIG)
        except (Fault, DecodeError) as error:
            words = f"TSIG: {error}"
            if found[0][3] & 15 == dns.NOERROR:
                raise Unanswered(words, "dns.failed") from error
            return (words,)
        return (f"TSIG: signed with {self._chain.key.name}",)
