"""Links: what happens to a packet between two nodes, each direction for itself.

A packet meets, in this order: the rules; the queue and the rate; loss; corruption and
duplication; delay, jitter and reordering.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Protocol, TypedDict, Unpack

from firstbyte.sim.agenda import Agenda, Item
from firstbyte.sim.checks import MIN_MTU, require_known, require_number, require_probability
from firstbyte.sim.clock import NS_PER_S, Clock, to_ns
from firstbyte.sim.frames import Unit, decode_like, encode_unit, ip_bytes
from firstbyte.sim.jitter import Jitter
from firstbyte.sim.losses import Loss, make_loss
from firstbyte.sim.pipes import Pipe, Sending, transmission_ns
from firstbyte.sim.queues import Queue, QueueKind, limit_of, make_queue
from firstbyte.sim.rules import PASS, Rule, Transit, Verdict

DEFAULT_DELAY_S = 0.0005


class Node(Protocol):
    """What a link ends at: a host, a router, a switch."""

    name: str

    def new_port(self, mtu: int, *, ethernet: bool) -> "Port":
        """A new interface for packets of up to ``mtu`` bytes; with a MAC on Ethernet."""

    def receive(self, port: "Port", unit: Unit) -> None:
        """A packet or frame came in through ``port``; the node may send others at once."""


class Settings(TypedDict, total=False):
    """How one direction of a link behaves. All are optional."""

    rtt_s: float
    """Round trip: half of it each way. Give this or ``delay_s``."""
    delay_s: float
    """One-way propagation delay."""
    jitter_s: float
    """The delay varies by up to this, up and down, over time; packets keep their order."""
    rate_bps: float | None
    """Bits per second; None: no limit, and no queue."""
    loss: float | Loss
    """A probability, or a model of ``firstbyte.sim.losses``."""
    queue_bytes: int | None
    queue: QueueKind
    mtu: int
    duplicate: float
    """Probability that a packet comes twice."""
    reorder: float
    """Probability that a packet is held back so that those behind it overtake it."""
    corrupt: float
    """Probability that one bit of the packet is turned over."""


NUMBERS = Settings.__annotations__.keys() - {"loss", "queue"}


@dataclass(frozen=True, slots=True)
class WireOptions:
    """One direction's settings, checked."""

    delay_ns: int = to_ns(DEFAULT_DELAY_S)
    jitter_ns: int = 0
    rate_bps: float | None = None
    loss: float | Loss = 0.0
    queue_bytes: int | None = None
    queue: QueueKind = "drop_tail"
    mtu: int = 1500
    duplicate: float = 0.0
    reorder: float = 0.0
    corrupt: float = 0.0

    @property
    def certain(self) -> bool:
        """Whether nothing is left to chance, and the queue drops only what does not fit."""
        chances = (self.loss, self.jitter_ns, self.duplicate, self.reorder, self.corrupt)
        return self.queue == "drop_tail" and not any(chances)

    def changed(self, **settings: Unpack[Settings]) -> "WireOptions":
        """The same with ``settings`` applied.

        Raises ``ValueError`` for contradictory or impossible ones, ``TypeError`` for unknown ones
        and those that are no numbers.
        """
        given: dict[str, Any] = dict(settings)
        require_known("setting of a link", given, Settings.__annotations__)
        for name in NUMBERS & given.keys():
            if given[name] is not None:
                require_number(name, given[name])
        if "rtt_s" in given and "delay_s" in given:
            raise ValueError("give rtt_s or delay_s, not both")
        if "rtt_s" in given:
            given["delay_ns"] = to_ns(given.pop("rtt_s")) // 2
        if "delay_s" in given:
            given["delay_ns"] = to_ns(given.pop("delay_s"))
        if "jitter_s" in given:
            given["jitter_ns"] = to_ns(given.pop("jitter_s"))
        return replace(self, **given).checked()

    def checked(self) -> "WireOptions":
        """Itself, if every value makes sense."""
        if self.delay_ns < 0 or self.jitter_ns < 0:
            raise ValueError("delay and jitter cannot be negative")
        if self.rate_bps is not None and self.rate_bps <= 0:
            raise ValueError("a rate is positive, or None for no limit")
        if self.mtu < MIN_MTU:
            raise ValueError(f"an MTU is at least {MIN_MTU} bytes (RFC 791), not {self.mtu}")
        if self.queue_bytes is not None and self.queue_bytes < 0:
            raise ValueError(f"a queue cannot hold {self.queue_bytes} bytes")
        make_loss(self.loss)
        for name in ("duplicate", "reorder", "corrupt"):
            require_probability(name, getattr(self, name))
        if self.queue not in {"drop_tail", "codel"}:
            raise ValueError(f"no queue of kind {self.queue!r}: drop_tail or codel")
        return self


@dataclass(frozen=True, slots=True)
class Medium:
    """What all wires of a world share. ``on_drop(packet, reason, where)`` records a loss."""

    clock: Clock
    agenda: Agenda
    seed: int
    rules: list[Rule]
    on_drop: Callable[[Unit, str, str], None]


Tap = Callable[[int, bool, Unit], None]
"""Called with (virtual nanoseconds, outgoing, packet or frame) for each one at a port."""


class Port:
    """One end of a link, at ``node``. ``name`` is the interface's."""

    def __init__(self, node: Node, name: str, mtu: int = 1500, mac: bytes | None = None) -> None:
        self.node = node
        self.name = name
        self.mtu = mtu
        self.mac = mac
        self.taps: list[Tap] = []
        self.up = True
        self._wire: Wire | None = None
        self._clock: Clock

    def plug(self, wire: "Wire") -> None:
        """Connect the outgoing direction."""
        self._wire = wire
        self._clock = wire.clock

    @property
    def wire(self) -> "Wire":
        """The outgoing direction of the link."""
        if self._wire is None:
            raise RuntimeError(f"{self.node.name} {self.name} is not connected")
        return self._wire

    def send(self, packet: Unit) -> None:
        """Put ``packet`` on the link."""
        wire = self._wire or self.wire
        for tap in self.taps:
            tap(self._clock.now_ns, True, packet)
        wire.send(packet)

    def deliver(self, packet: Unit) -> None:
        """The link brings ``packet``."""
        for tap in self.taps:
            tap(self._clock.now_ns, False, packet)
        self.node.receive(self, packet)


class Wire:
    """One direction of a link."""

    def __init__(self, medium: Medium, source: Port, target: Port, options: WireOptions) -> None:
        self._medium = medium
        self.clock = medium.clock
        self._agenda = medium.agenda
        self._source = source
        self._target = target
        self.name = f"{source.node.name} → {target.node.name}"
        self._random = Random(f"{medium.seed} {self.name} {source.name}")
        self.rules: list[Rule] = []
        self.up = True
        self._sending: Item | None = None
        """The end of the transmission that is under way; in a pipe there is no such appointment."""
        self._latest_ns = 0
        self._use(options, f"{medium.seed} {self.name} {source.name}")

    def _use(self, options: WireOptions, jitter_seed: str) -> None:
        self.options = options
        self._loss = make_loss(options.loss)
        self._jitter = Jitter(options.jitter_ns, jitter_seed)
        self.queue: Queue = make_queue(options.queue, options.queue_bytes, options.mtu)
        self._pipe = self._make_pipe() if options.certain else None

    def _make_pipe(self) -> Pipe:
        options = self.options
        limit_bytes = limit_of(options.queue_bytes)
        return Pipe(self._agenda, self._arrive, options.rate_bps, options.delay_ns, limit_bytes)

    def set(self, **settings: Unpack[Settings]) -> None:
        """Change this direction; packets on their way are not touched, those that wait move over.

        Raises ``ValueError`` for impossible settings.
        """
        options = self.options.changed(**settings)
        sending, waiting = self._take_back() if self._pipe is None else self._stop(self._pipe)
        self._use(options, f"{self._medium.seed} {self.name}")
        if sending is not None:
            self._go_on(*sending)
        for packet in waiting:
            self._enqueue(packet, packet.size)

    def _take_back(self) -> tuple[Sending | None, list[Unit]]:
        """What is being sent and what waits, which are then forgotten."""
        packets = []
        while (waiting := self.queue.pop(0)[0]) is not None:
            packets.append(waiting.packet)
        if self._sending is None:
            return None, packets
        ends_ns, began_ns, _, _, packet = self._sending
        self._agenda.withdraw(self._sending)
        self._sending = None
        return (packet, began_ns, ends_ns), packets

    def _stop(self, pipe: Pipe) -> tuple[Sending | None, list[Unit]]:
        sending, waiting, latest_ns = pipe.stop(self.clock.now_ns)
        if latest_ns is not None:
            self._latest_ns = latest_ns
        return sending, waiting

    def _go_on(self, packet: Unit, began_ns: int, ends_ns: int) -> None:
        """Settings have changed while ``packet`` was being sent: it leaves when it would have."""
        if self._pipe is not None:
            self._pipe.go_on(packet, began_ns, ends_ns)
        else:
            self._transmit(packet, began_ns, ends_ns)

    def send(self, packet: Unit) -> None:
        """Take ``packet`` from the sender."""
        if not self.up:
            self._drop(packet, "link_down")
            return
        size = packet.size
        # The MTU is the IP packet's, whatever frame is around it.
        if size > self.options.mtu and ip_bytes(packet) > self.options.mtu:
            self._drop(packet, "mtu")
        elif self.rules or self._medium.rules:
            self._send_by_rules(packet, size)
        else:
            self._enqueue(packet, size)

    def _send_by_rules(self, packet: Unit, size: int) -> None:
        verdict = self._judge(packet)
        if verdict.drop is not None:
            self._drop(packet, verdict.drop)
        elif verdict.delay_s > 0:
            at_ns = self.clock.now_ns + to_ns(verdict.delay_s)
            self._agenda.add(at_ns, lambda: self._enqueue(packet, size))
        else:
            self._enqueue(packet, size)

    def _judge(self, packet: Unit) -> Verdict:
        transit = Transit(
            packet, self.clock.now_ns / NS_PER_S, self._source.node.name, self._target.node.name
        )
        for rule in (*self._medium.rules, *self.rules):
            verdict = rule(transit)
            if verdict is None or verdict == PASS:
                continue
            if not isinstance(verdict, Verdict):
                raise TypeError(f"a rule gives drop(…), delay(…), PASS or None, not {verdict!r}")
            return verdict
        return PASS

    def _drop(self, packet: Unit, reason: str) -> None:
        self._medium.on_drop(packet, reason, self.name)

    # --- the queue and the rate -----------------------------------------------------------------

    def _enqueue(self, packet: Unit, size: int) -> None:
        now_ns = self.clock.now_ns
        if self._pipe is not None:
            if not self._pipe.send(packet, size, now_ns):
                self._drop(packet, "queue_full")
        elif self.options.rate_bps is None and self._sending is None:
            self._propagate(packet)
        elif not self.queue.push(packet, size, now_ns):
            self._drop(packet, "queue_full")
        elif self._sending is None:
            self._start_next()

    def _start_next(self) -> None:
        now_ns = self.clock.now_ns
        waiting, dropped = self.queue.pop(now_ns)
        for victim in dropped:
            self._drop(victim, "codel")
        if waiting is not None:
            rate_bps = self.options.rate_bps
            took_ns = 0 if rate_bps is None else transmission_ns(waiting.size, rate_bps)
            self._transmit(waiting.packet, now_ns, now_ns + took_ns)

    def _transmit(self, packet: Unit, begins_ns: int, ends_ns: int) -> None:
        self._sending = self._agenda.post(ends_ns, begins_ns, self._finish, packet)

    def _finish(self, packet: Unit) -> None:
        self._propagate(packet)
        self._sending = None
        self._start_next()

    # --- the way --------------------------------------------------------------------------------

    def _propagate(self, packet: Unit) -> None:
        if self._loss.loses(packet, self._random):
            self._drop(packet, "loss")
            return
        options, random = self.options, self._random
        if options.corrupt and random.random() < options.corrupt:
            damaged = corrupted(packet, random)
            if damaged is None:
                self._drop(packet, "corrupt")
                return
            packet = damaged
        self._fly(packet)
        if options.duplicate and random.random() < options.duplicate:
            self._fly(packet)

    def _fly(self, packet: Unit) -> None:
        options, random = self.options, self._random
        now_ns = self.clock.now_ns
        arrival_ns = now_ns + options.delay_ns
        if options.jitter_ns:
            # The maximum holds the order also when settings have just changed.
            arrival_ns += self._jitter.at(now_ns)
            arrival_ns = max(arrival_ns, self._latest_ns, now_ns)
        if options.reorder and random.random() < options.reorder:
            arrival_ns += max(options.delay_ns // 4, options.jitter_ns, 1_000_000)
        else:
            self._latest_ns = arrival_ns
        self._agenda.post(arrival_ns, now_ns, self._arrive, packet)

    def _arrive(self, packet: Unit) -> None:
        if self.up:
            self._target.deliver(packet)
        else:
            self._drop(packet, "link_down")


class Link:
    """A link between two nodes: two wires."""

    def __init__(self, forth: Wire, back: Wire, ports: tuple[Port, Port]) -> None:
        self.forth = forth
        self.back = back
        self.ports = ports

    def set(self, **settings: Unpack[Settings]) -> None:
        """Change both directions: ``link.set(loss=0.3)``."""
        for wire in (self.forth, self.back):
            wire.set(**settings)

    def towards(self, node: Node) -> Wire:
        """The direction that ends at ``node``: ``link.towards(client).set(loss=0.3)``."""
        return self.back if node is self.ports[0].node else self.forth

    def rule(self, rule: Rule) -> None:
        """Ask ``rule`` about every packet on this link, either way."""
        self.forth.rules.append(rule)
        self.back.rules.append(rule)

    def cut(self) -> None:
        """Lose everything on the link and everything sent from now on."""
        self.forth.up = self.back.up = False

    def mend(self) -> None:
        """Undo ``cut``."""
        self.forth.up = self.back.up = True


def corrupted(unit: Unit, random: Random) -> Unit | None:
    """``unit`` with one random bit turned over, read as its receiver will read it."""
    data = bytearray(encode_unit(unit))
    bit = random.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    return decode_like(unit, bytes(data))
