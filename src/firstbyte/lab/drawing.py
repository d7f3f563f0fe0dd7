"""A world as text: its tree of links from the client on, its sites."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

from msgspec import Struct, field

from firstbyte.lab.lesson import Lesson
from firstbyte.lab.sites import Site
from firstbyte.lab.world import World
from firstbyte.sim import Host
from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.links import Link, Node, WireOptions
from firstbyte.sim.losses import BurstyLoss, Loss
from firstbyte.sim.machines import DhcpServer, Firewall, Middlebox, Nat

INDENT = " " * 6
MAX_ADDRESSES = 2
QUALITIES = ("±# ms", "# Mbit/s", "queue # s", "loss #", "MTU #")
"""What is said of a link besides its round trip; both ways' numbers where they differ."""
MACHINES = {Nat: "NAT", DhcpServer: "DHCP", Firewall: "firewall", Middlebox: "middlebox"}


class Paper(Struct, frozen=True):
    """Where a part of the tree is drawn."""

    width: int
    indent: str = ""


class Branch(Struct, eq=False):
    """A node, and what is reached through it."""

    node: Node
    link: Link | None = None
    below: "list[Branch]" = field(default_factory=list)


def draw_topology(world: World, width: int = 80) -> list[str]:
    """The lines of a tree; none is wider than ``width`` characters."""
    lines = [*wrap(f"{world.name}: {world.title}", width), ""]
    for root in _forest(world):
        lines += [_fitted(_titles(world, root), width), *_below(world, root, Paper(width))]
    return lines


def draw_lessons(world: str, lessons: Sequence[Lesson], width: int = 80) -> list[str]:
    """What to try: commands, each with what it shows below it."""
    lines = []
    for lesson in lessons:
        lines.append(f"  {lesson.command(world)}")
        found = f" Finds {lesson.finds}." if lesson.finds else ""
        lines += wrap(lesson.text + found, width, initial_indent=INDENT, subsequent_indent=INDENT)
    return lines


def site_rows(world: World) -> list[tuple[str, str, str, str]]:
    """(URL, round trip, versions, what it is) of each site."""
    return [
        (site.url, f"{site.rtt_s * 1000:g} ms", " ".join(site.versions), site.title)
        for site in world.sites
    ]


def host_rows(world: World) -> list[tuple[str, str, str]]:
    """(name, kind, addresses) of each host; more rows where it has many addresses."""
    rows = []
    for host in world.internet.hosts.values():
        name, kind = host.name, _kind(world, host)
        for start in range(0, max(1, len(host.addresses)), MAX_ADDRESSES):
            addresses = " ".join(host.addresses[start : start + MAX_ADDRESSES])
            rows.append((name, kind, addresses))
            name = kind = ""
    return rows


def _forest(world: World) -> Iterator[Branch]:
    """The tree that the client is in, then those that it cannot reach; each node once."""
    seen: set[int] = set()
    for host in (world.client, *world.internet.hosts.values()):
        if id(host) not in seen:
            yield _grow(world, Branch(host), seen)


def _grow(world: World, branch: Branch, seen: set[int]) -> Branch:
    seen.add(id(branch.node))
    todo = [branch]
    while todo:
        current = todo.pop(0)
        for link in world.internet.links:
            nodes = [port.node for port in link.ports]
            if not any(node is current.node for node in nodes):
                continue
            other = next((node for node in nodes if node is not current.node), current.node)
            if id(other) not in seen:
                seen.add(id(other))
                below = Branch(other, link)
                current.below.append(below)
                todo.append(below)
    return branch


def _below(world: World, branch: Branch, paper: Paper) -> Iterator[str]:
    for number, below in enumerate(branch.below):
        last = number == len(branch.below) - 1
        words = _link_words(below.link) if below.link else ""
        start = f"{paper.indent}{'└' if last else '├'}─ {words} ─ "
        yield _fitted([start + title for title in _titles(world, below)], paper.width)
        further = Paper(paper.width, paper.indent + ("   " if last else "│  "))
        for site in _sites(world, below.node):
            bar = "│  " if below.below else "   "
            line = f"{further.indent}{bar}{site.url}  {' '.join(site.versions)}"
            whole = f"{line}  {' '.join(site.addresses)}"
            yield _fitted([whole, f"{line}  {site.address}", line], paper.width)
        yield from _below(world, below, further)


def _titles(world: World, branch: Branch) -> list[str]:
    """What to call a node, with ever fewer of its addresses; those of sites stand beside them."""
    node = branch.node
    if not isinstance(node, Host):
        return [f"{node.name} (switch)"]
    kind = _kind(world, node)
    title = f"{node.name} ({kind})" if kind else node.name
    own = [] if _sites(world, node) else node.addresses
    return [" ".join([title, *own[:count]]) for count in range(len(own), -1, -1)]


def _fitted(lines: Sequence[str], width: int) -> str:
    """The first one that is not too wide; the last one is cut if it must be."""
    line = next((line for line in lines if len(line) <= width), lines[-1])
    return line if len(line) <= width else line[: width - 1] + "…"


def _kind(world: World, host: Host) -> str:
    words = ["you"] if host is world.client else []
    words += ["asks for its addresses"] if host.asks else []
    words += ["router"] if host.forwarding else []
    owners = [getattr(one, "__self__", None) for one in (*host.incoming, *host.outgoing)]
    words += [word for kind, word in MACHINES.items() if any(type(one) is kind for one in owners)]
    words += ["sites"] if _sites(world, host) else []
    words += ["name server"] if host.name in world.name_servers else []
    return ", ".join(words)


def _sites(world: World, node: Node) -> list[Site]:
    return [site for site in world.sites if site.host == node.name]


def _link_words(link: Link) -> str:
    """``80 ms, 10 Mbit/s, loss 2 %``; both ways where they differ."""
    forth, back = link.forth.options, link.back.options
    rtt_ms = (forth.delay_ns + back.delay_ns) / NS_PER_S * 1000
    words = [f"{rtt_ms:g} ms"]
    ways = [_qualities(forth), _qualities(back)]
    for quality in QUALITIES:
        values = list(dict.fromkeys(way.get(quality, "–") for way in ways))
        if values != ["–"]:
            words.append(quality.replace("#", "/".join(values)))
    return ", ".join(words)


def _qualities(options: WireOptions) -> dict[str, str]:
    """The numbers of those of ``QUALITIES`` that this direction has."""
    found = {}
    if options.jitter_ns:
        found["±# ms"] = f"{options.jitter_ns / NS_PER_S * 1000:g}"
    if options.rate_bps is not None:
        found["# Mbit/s"] = f"{options.rate_bps / 1e6:g}"
        if options.queue_bytes is not None:
            found["queue # s"] = f"{options.queue_bytes * 8 / options.rate_bps:.2g}"
    if options.loss:
        found["loss #"] = _loss_words(options.loss)
    if options.mtu != 1500:
        found["MTU #"] = f"{options.mtu}"
    return found


def _loss_words(loss: float | Loss) -> str:
    if isinstance(loss, float | int):
        return f"{loss * 100:g} %"
    if isinstance(loss, BurstyLoss):
        bad = loss.enter / (loss.enter + loss.leave)
        return f"{bad * loss.bad_loss * 100:.2g} % in bursts"
    return "of some"
