"""Zone cuts: which servers to ask for which part of the tree (RFC 1034, 4.2.1 and 5.3.3)."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct, field

from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import ROOT, ancestors, parent
from firstbyte.resolver.machine.values import Server

MAX_DELEGATIONS = 50000
MAX_NAMES = 20
"""Server names that are kept of a delegation; more help nobody (NXNSAttack)."""
DNS_PORT = 53


class Delegation(Struct):
    """A zone's servers, as its parent, the zone itself or the configuration names them.

    ``glue`` has the addresses that came with the names; ``found`` those that were looked up;
    ``reserve`` those of the parent's servers that the zone itself does not name.
    """

    zone: bytes
    names: tuple[bytes, ...]
    glue: dict[bytes, tuple[str, ...]]
    expires_s: float
    kind: Literal["hints", "referral", "forward", "stub"] = "referral"
    servers: tuple[Server, ...] = ()
    """Fixed by the configuration."""
    found: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    reserve: dict[bytes, tuple[str, ...]] = field(default_factory=dict)
    _addresses: list[Server] | None = None
    _usable: list[Server] | None = None
    """Both are made once, until another is found."""

    @property
    def recursive(self) -> bool:
        """Whether its servers resolve for us."""
        return self.kind == "forward"

    def addresses(self) -> Sequence[Server]:
        """All that are known now, each once."""
        if self.servers:
            return self.servers
        if self._addresses is None:
            every = [*self.glue.values(), *self.found.values()]
            self._addresses = list(dict.fromkeys((ip, DNS_PORT) for ips in every for ip in ips))
        return self._addresses

    def usable(self, may_use: Callable[[Server, "Delegation"], bool]) -> Sequence[Server]:
        """Those that may be asked by a rule that never changes."""
        if self._usable is None:
            self._usable = [server for server in self.addresses() if may_use(server, self)]
        return self._usable

    def find(self, name: bytes, addresses: tuple[str, ...]) -> None:
        """The addresses of a server's name were looked up."""
        self.found[name] = addresses
        self._addresses = self._usable = None

    def unknown_names(self) -> list[bytes]:
        """Names without any known address that were not looked up."""
        return [name for name in self.names if name not in self.glue and name not in self.found]


class Delegations:
    """Cuts by zone; fixed ones (forward, stub, hints) never end."""

    def __init__(self, fixed: list[Delegation]) -> None:
        self._fixed = {cut.zone: cut for cut in fixed}
        self._hints = next((cut for cut in fixed if cut.kind == "hints"), None)
        self._learned: OrderedDict[bytes, Delegation] = OrderedDict()

    def __len__(self) -> int:
        return len(self._learned)

    def closest(self, name: bytes, now_s: float) -> Delegation | None:
        """The deepest known cut at or above ``name``; None without even a root."""
        all_learned, all_fixed = self._learned, self._fixed
        zone = name
        while True:
            fixed = all_fixed.get(zone)
            if fixed is not None and fixed.kind != "hints":
                return fixed
            learned = all_learned.get(zone)
            if learned is not None:
                if now_s < learned.expires_s:
                    return learned
                del all_learned[zone]
            if fixed is not None or len(zone) == 1:
                return fixed
            zone = parent(zone)

    def in_tree(self, name: bytes, now_s: float) -> Delegation | None:
        """The deepest cut that the tree itself told, or the hints; no stubs, no forwarders."""
        for zone in ancestors(name):
            learned = self._learned.get(zone)
            if learned is not None and now_s < learned.expires_s:
                return learned
        return self._hints

    def glue_for(self, name: bytes, now_s: float) -> tuple[str, ...]:
        """The addresses that a known delegation at or above ``name``, or the hints, have for it."""
        for zone in ancestors(name):
            cut = self._learned.get(zone)
            if cut is not None and now_s < cut.expires_s and name in cut.glue:
                return cut.glue[name]
        return () if self._hints is None else self._hints.glue.get(name, ())

    def learn(self, cut: Delegation) -> None:
        """Keep a cut; the root's comes from priming."""
        self._learned[cut.zone] = cut
        self._learned.move_to_end(cut.zone)
        if len(self._learned) > MAX_DELEGATIONS:
            self._learned.popitem(last=False)

    def adopt(
        self, cut: Delegation, own: RRset, glue: dict[bytes, tuple[str, ...]], now_s: float
    ) -> None:
        """Let a zone's own NS set replace the one of its parent (RFC 2181, 5.4.1).

        It does not live longer than the parent's: the parent may have taken the zone away. The
        parent's servers stay in reserve, for a zone whose own set is wrong.
        """
        names = tuple(rdata.lower() for rdata in own.rdatas)
        if cut.kind != "referral" or set(names) == set(cut.names):
            return
        known = cut.glue | glue
        adopted = Delegation(
            cut.zone,
            names,
            {name: known[name] for name in names if name in known},
            min(cut.expires_s, now_s + own.ttl_s),
            found={name: cut.found[name] for name in names if name in cut.found},
            reserve={
                name: addresses
                for name, addresses in (cut.reserve | cut.found | cut.glue).items()
                if name not in names
            },
        )
        if now_s < adopted.expires_s:
            self.learn(adopted)

    def forget(self, zone: bytes) -> None:
        """Drop what was learned of a zone: its servers do not serve it."""
        self._learned.pop(zone, None)

    @property
    def primed(self) -> bool:
        """Whether the root's own answer replaced the hints."""
        return ROOT in self._learned

    def clear(self) -> None:
        """Drop all that was learned."""
        self._learned.clear()
