"""Cache poisoning off the path: measured odds of each defence beside the computed ones.

The claim (RFC 5452, 7 and 8): an attacker who cannot see a resolver's questions must guess what
they carry, and each defence multiplies the guesses. The attacker makes the resolver ask for a fresh
name each time (Kaminsky's way), and until the true answer comes floods it with forged answers.

Each race runs in virtual time. What decides is the resolver's own code: its ``Exchange`` makes the
question and judges every octet that reaches its port, and its validator judges what DNSSEC is asked
to. Only the attack and the kernel's choice of a port are modelled.
"""

from collections.abc import Callable, Iterator
from math import log, sqrt
from random import Random
from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import asdict

from firstbyte.lab.experiments.experiment import Watch, unwatched
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.protocols.dns.writer import Parts, render
from firstbyte.resolver.machine.settings import Limits
from firstbyte.resolver.machine.values import Ask
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.upstream.entropy import FIRST_PORT
from firstbyte.resolver.upstream.queries import Exchange, mixed_case
from firstbyte.resolver.validator.keys import Key, parse_key
from firstbyte.resolver.validator.signatures import check
from firstbyte.server.dns.keys import generate

VICTIM = "www.bank.example."
FORGED_ADDRESS = bytes((203, 0, 113, 66))
FIXED_PORT = 53535
PORTS = 65536 - FIRST_PORT
IDS = 65536
BUSY = 10
"""Other questions between the one that the attacker saw and the race, at most: fewer than this."""
CONFIDENCE = 1.96
CONFIDENCE_WORDS = "95 %"


class Attack(Struct, frozen=True):
    """What the attacker can do. ``window_s``: how long the true answer takes."""

    packets_per_s: Annotated[float, Meta(gt=0, le=1e7)] = 5_000.0
    window_s: Annotated[float, Meta(gt=0, le=60)] = 0.040
    races: Annotated[int, Meta(ge=1, le=10**7)] = 5_000

    @property
    def guesses(self) -> int:
        """Forged answers in one race."""
        return int(self.packets_per_s * self.window_s)


class Defence(Struct, frozen=True):
    """What the resolver does against it."""

    name: str
    random_id: bool = True
    random_port: bool = True
    mixed_case: bool = False
    validated: bool = False

    def odds(self, guesses: int) -> float:
        """The computed chance of one race (RFC 5452, 7.2)."""
        if self.validated:
            return 0.0
        if not self.random_id:
            return min(1.0, guesses / BUSY)
        space = IDS * (PORTS if self.random_port else 1)
        space <<= letters(VICTIM) if self.mixed_case else 0
        return min(1.0, guesses / space)


DEFENCES = (
    Defence("fixed port, sequential ID", random_id=False, random_port=False),
    Defence("fixed port, random ID", random_port=False),
    Defence("random port and ID"),
    Defence("random port and ID, 0x20", mixed_case=True),
    Defence("DNSSEC, all else guessed", random_id=False, random_port=False, validated=True),
)


class Measured(Struct, frozen=True):
    """One row of the table."""

    defence: Defence
    races: int
    forged: int
    """Packets that were sent."""
    reached: int
    """Those that came to the right port."""
    poisoned: int
    computed: float
    """The odds of one race."""

    @property
    def reached_computed(self) -> float:
        """How many of them should come to the right port."""
        return self.forged / PORTS if self.defence.random_port else self.forged

    @property
    def rate(self) -> float:
        """The measured odds of one race."""
        return self.poisoned / self.races

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true odds are, with 95 % confidence (Wilson's interval)."""
        n, z = self.races, CONFIDENCE
        none, all_ = self.poisoned == 0, self.poisoned == n
        centre = (self.rate + z * z / (2 * n)) / (1 + z * z / n)
        spread = z / (1 + z * z / n) * sqrt(self.rate * (1 - self.rate) / n + z * z / (4 * n * n))
        return 0.0 if none else centre - spread, 1.0 if all_ else centre + spread

    @property
    def agrees(self) -> bool:
        """Whether the computed odds lie in the measured interval."""
        low, high = self.interval
        return low <= self.computed <= high

    def half_s(self, attack: Attack) -> float | None:
        """After how long the attack has had even odds; None: never."""
        if self.computed <= 0:
            return None
        if self.computed >= 1:
            return attack.window_s
        return log(0.5) / log(1 - self.computed) * attack.window_s


class Result(Struct, frozen=True):
    """The experiment's outcome; the same seed gives the same."""

    attack: Attack
    seed: int
    rows: tuple[Measured, ...]


def run(
    attack: Attack = Attack(),  # noqa: B008 - it is immutable
    seed: int = 1,
    watch: Watch = unwatched,
) -> Result:
    """Play all races against each defence."""
    rows = []
    for number, defence in enumerate(DEFENCES):
        random = Random(f"{seed} {defence.name}")  # noqa: S311 - it is a game
        before = number * attack.races

        def count(done: int, before: int = before) -> None:
            watch(before + done, attack.races * len(DEFENCES))

        rows.append(_Game(defence, attack, random).play(count))
    return Result(attack, seed, tuple(rows))


def facts(result: Result) -> dict[str, Any]:
    """The result for machines, with what follows from it."""
    attack = result.attack
    rows = [
        {
            **asdict(row),
            "defence": asdict(row.defence),
            "reached_computed": row.reached_computed,
            "measured": row.rate,
            "interval_95": row.interval,
            "agrees": row.agrees,
            "even_odds_s": row.half_s(attack),
        }
        for row in result.rows
    ]
    return {
        "schema_version": 1,
        "experiment": "dns-poisoning",
        "seed": result.seed,
        "attack": {**asdict(attack), "guesses": attack.guesses},
        "rows": rows,
    }


def letters(name: str) -> int:
    """How many letters of a name carry a bit of 0x20."""
    return sum(character.isalpha() for character in name)


class _Game:
    """Races of one attacker against one defence."""

    def __init__(self, defence: Defence, attack: Attack, random: Random) -> None:
        self._defence = defence
        self._attack = attack
        self._random = random
        self._id = random.randrange(IDS)
        self._keys = _zone_keys() if defence.validated else []

    def play(self, count: Callable[[int], None]) -> Measured:
        """All races; ``count`` is told how many are over."""
        poisoned = reached = 0
        for number in range(self._attack.races):
            count(number)
            won, came = self._race(number)
            poisoned += won
            reached += came
        forged = self._attack.races * self._attack.guesses
        computed = self._defence.odds(self._attack.guesses)
        return Measured(self._defence, self._attack.races, forged, reached, poisoned, computed)

    def _race(self, number: int) -> tuple[bool, int]:
        """One question, and whether a forged answer was believed before the true one came."""
        seen_id = self._id
        exchange = self._question(number)
        port = self._port()
        reached = 0
        forgery = _forgery(_name(number))
        for at_s, guess_port, ident in self._guesses(seen_id):
            if at_s >= self._attack.window_s:
                break
            if guess_port != port:
                continue  # the kernel gives it to nobody
            reached += 1
            if self._believes(exchange, ident.to_bytes(2, "big") + forgery):
                return True, reached
        return False, reached

    def _question(self, number: int) -> Exchange:
        self._id = (self._id + 1 + self._random.randrange(BUSY)) % IDS
        ask = Ask(
            number=number,
            server=("192.0.2.53", 53),
            zone=from_text("bank.example."),
            name=_name(number),
            rdtype=dns.A,
            recursive=False,
            edns=True,
            tcp=False,
            mix_case=self._defence.mixed_case,
            timeout_s=self._attack.window_s,
            attempt=1,
        )
        return Exchange(ask, 1232, None, self._entropy)

    def _entropy(self, count: int) -> bytes:
        """The resolver's random octets; the first two become the ID."""
        drawn = self._random.randbytes(count)
        return drawn if self._defence.random_id else self._id.to_bytes(2, "big") + drawn[2:]

    def _port(self) -> int:
        if not self._defence.random_port:
            return FIXED_PORT
        return FIRST_PORT + int(self._random.random() * PORTS)

    def _guesses(self, seen_id: int) -> Iterator[tuple[float, int, int]]:
        """When each forged packet comes, to which port, with which ID; none is tried twice."""
        tried: set[tuple[int, int]] = set()
        for index in range(self._attack.guesses):
            guess = self._guess(seen_id, index)
            while guess in tried:
                guess = self._guess(seen_id, index)
            tried.add(guess)
            yield index / self._attack.packets_per_s, *guess

    def _guess(self, seen_id: int, index: int) -> tuple[int, int]:
        if not self._defence.random_id:
            return FIXED_PORT, (seen_id + 1 + index) % IDS
        return self._port(), self._random.getrandbits(16)

    def _believes(self, exchange: Exchange, forgery: bytes) -> bool:
        if self._defence.mixed_case:
            forgery = self._case_guessed(forgery)
        message = exchange.read(forgery)
        if not isinstance(message, Message):
            return False
        return not self._defence.validated or self._proves((message.qname or b"").lower())

    def _case_guessed(self, forgery: bytes) -> bytes:
        """With the letters of the question as a coin has them."""
        end = 12 + forgery[12:].index(0) + 1
        mixed = mixed_case(forgery[12:end], self._random.randbytes(end - 12))
        return forgery[:12] + mixed + forgery[end:]

    def _proves(self, qname: bytes) -> bool:
        """Whether the forged data carry a signature of the zone: the attacker has no key."""
        forged = RRset(qname, dns.A, 86400, [FORGED_ADDRESS])
        zone = from_text("bank.example.")
        checked = check(forged, zone, self._keys, 0.0, Work(Limits()), allow_sha1=False)
        return checked.signature is not None


def _name(number: int) -> bytes:
    """A name that is in no cache yet; its own label has no letters."""
    return from_text(f"{number}.{VICTIM}")


def _forgery(qname: bytes) -> bytes:
    """What the attacker sends, after the ID."""
    rrset = RRset(qname, dns.A, 86400, [FORGED_ADDRESS])
    return render(Parts(0, dns.QR | dns.AA, qname, dns.A, answer=[rrset])).data[2:]


def _zone_keys() -> list[Key]:
    key = parse_key(generate("ecdsap256sha256").dnskey)
    return [] if key is None else [key]
