"""Automatic routes: for every host, through which port the shortest way to each address begins."""

from collections import deque
from collections.abc import Iterable
from typing import TYPE_CHECKING

from firstbyte.protocols.ip.addresses import is_link_local
from firstbyte.sim.links import Link, Node, Port

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

Neighbours = dict[int, list[tuple[Port, Node]]]
"""By the node's identity: its ports, each with the node at the other end."""


def install(hosts: "Iterable[Host]", links: list[Link]) -> None:
    """Set the routes of all hosts that want automatic ones."""
    neighbours = _neighbours(links)
    for host in hosts:
        if host.auto_routes and host.up:
            host.kernel.set_automatic_routes(_routes(host, neighbours))


def _neighbours(links: list[Link]) -> Neighbours:
    found: Neighbours = {}
    for link in links:
        a, b = link.ports
        found.setdefault(id(a.node), []).append((a, b.node))
        found.setdefault(id(b.node), []).append((b, a.node))
    return found


def _routes(host: "Host", neighbours: Neighbours) -> list[tuple[str, Port]]:
    """Pairs of (prefix, port). A host with one link needs no more than a default route.

    A router does: what it has no route to must not go back to where it came from.
    """
    own = neighbours.get(id(host), [])
    if len(own) == 1 and not host.forwarding:
        port = own[0][0]
        return [("0.0.0.0/0", port), ("::/0", port)]
    return [
        (address, port)
        for node, port in _search(host, neighbours)
        for address in getattr(node, "addresses", [])
        if not is_link_local(address)
    ]


def _search(host: "Host", neighbours: Neighbours) -> list[tuple[Node, Port]]:
    """All nodes that can be reached, nearest first, each with our port that leads to it."""
    reached: dict[int, tuple[Node, Port]] = {}
    queue: deque[tuple[Node, Port]] = deque(
        (node, port) for port, node in neighbours.get(id(host), [])
    )
    while queue:
        node, port = queue.popleft()
        if id(node) in reached or node is host:
            continue
        reached[id(node)] = (node, port)
        if getattr(node, "forwarding", True):
            queue.extend((further, port) for _, further in neighbours.get(id(node), []))
    return list(reached.values())
