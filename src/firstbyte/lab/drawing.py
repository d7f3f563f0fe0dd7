"""A world as text: its tree of links from the client on, its sites."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from firstbyte.lab.sites import Site
from firstbyte.lab.world import World
from firstbyte.sim import Host
from firstbyte.sim.clock import NS_PER_S
from firstbyte.sim.links import Link, Node, WireOptions

MAX_ADDRESSES = 3


@dataclass
class Branch:
    """A node, and what is reached through it."""

    node: Node
    link: Link | None = None
    below: "list[Branch]" = field(default_factory=list)


def draw_topology(world: World, width: int = 80) -> list[str]:
    """The lines of a tree; none is wider than ``width`` characters."""
    lines = [f"{world.name}: {world.title}", ""]
    for root in _forest(world):
        lines += [_title(world, root), *_below(world, root, "")]
    return [line if len(line) <= width else line[: width - 1] + "…" for line in lines]


def site_rows(world: World) -> list[tuple[str, str, str, str]]:
    """(URL, round trip, versions, what it is) of each site."""
    return [
        (site.url, f"{site.rtt_s * 1000:g} ms", " ".join(site.versions), site.title)
        for site in world.sites
    ]


def host_rows(world: World) -> list[tuple[str, str, str]]:
    """(name, kind, addresses) of each host."""
    return [
        (host.name, _kind(world, host), " ".join(host.addresses))
        for host in world.internet.hosts.values()
    ]


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


def _below(world: World, branch: Branch, indent: str) -> Iterator[str]:
    for number, below in enumerate(branch.below):
        last = number == len(branch.below) - 1
        words = _link_words(below.link) if below.link else ""
        yield f"{indent}{'└' if last else '├'}─ {words} ─ {_title(world, below)}"
        further = indent + ("   " if last else "│  ")
        for site in _sites(world, below.node):
            bar = "│  " if below.below else "   "
            yield f"{further}{bar}{site.url}  {' '.join(site.versions)}"
        yield from _below(world, below, further)


def _title(world: World, branch: Branch) -> str:
    node = branch.node
    if not isinstance(node, Host):
        return f"{node.name} (switch)"
    shown = node.addresses[:MAX_ADDRESSES]
    more = len(node.addresses) - len(shown)
    addresses = " ".join(shown) + (f" and {more} more" if more > 0 else "")
    kind = _kind(world, node)
    return f"{node.name} ({kind}) {addresses}" if kind else f"{node.name} {addresses}"


def _kind(world: World, host: Host) -> str:
    if host is world.client:
        return "you"
    if host.forwarding:
        return "router"
    return "sites" if _sites(world, host) else ""


def _sites(world: World, node: Node) -> list[Site]:
    return [site for site in world.sites if site.host == node.name]


def _link_words(link: Link) -> str:
    """``80 ms, 10 Mbit/s, loss 2 %``; both ways where they differ."""
    forth, back = link.forth.options, link.back.options
    rtt_ms = (forth.delay_ns + back.delay_ns) / NS_PER_S * 1000
    words = [f"{rtt_ms:g} ms"]
    qualities = [_qualities(forth), _qualities(back)]
    if qualities[0] == qualities[1]:
        words += qualities[0]
    else:
        words += ["/".join(" ".join(one) or "free" for one in qualities)]
    return ", ".join(words)


def _qualities(options: WireOptions) -> list[str]:
    words = []
    if options.rate_bps is not None:
        words.append(f"{options.rate_bps / 1e6:g} Mbit/s")
    if isinstance(options.loss, float | int):
        if options.loss:
            words.append(f"loss {options.loss * 100:g} %")
    else:
        words.append("loss")
    if options.mtu != 1500:
        words.append(f"MTU {options.mtu}")
    return words
