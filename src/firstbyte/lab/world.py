"""A world: an internet with names, a certificate authority and sites, ready for a client."""

from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from firstbyte.lab.authority import Authority
from firstbyte.lab.sites import Site
from firstbyte.server.dns.zone import Zone
from firstbyte.sim import Host, Internet

if TYPE_CHECKING:
    from firstbyte.lab.authoritative import Served

T = TypeVar("T")
Program = Callable[[], Awaitable[object]]


class World(Struct, eq=False, weakref=True):
    """Built, not yet started. ``with world: world.run(trace(world.default_url))``.

    ``programs`` are started on their hosts, in order, before the client's first.
    """

    name: str
    title: str
    internet: Internet
    client: Host
    authority: Authority
    default_url: str
    sites: list[Site] = field(default_factory=list)
    zones: dict[str, Zone] = field(default_factory=dict)
    """What the name servers say, by the zones' names."""
    name_servers: "dict[str, Served]" = field(default_factory=dict)
    """Who says it, by the names of their hosts."""
    resolver_allows: tuple[str, ...] = ("0.0.0.0/0", "::/0")
    """Networks that the resolver answers."""
    resolver_validates: bool = False
    """Whether the ISP's resolver asks for proof (DNSSEC): most people's does not."""
    programs: list[tuple[Host, Program]] = field(default_factory=list)
    _kept: list[object] = field(default_factory=list)
    _started: bool = False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_site(self, site: Site) -> None:
        """A site whose server starts with the world."""
        self.sites.append(site)

    def change_sites(self, **changes: Any) -> None:
        """Change these fields of every site; before the world starts."""
        self.sites = [replace(site, **changes) for site in self.sites]

    def site(self, name: str) -> Site:
        """The site with this name or alias.

        Raises ``KeyError`` if there is none.
        """
        for site in self.sites:
            if name in site.names:
                return site
        raise KeyError(name)

    def start(self) -> None:
        """Start every server, and wait for the client's addresses if it asks for them.

        Takes no virtual time unless it asks. Once is enough.
        """
        if self._started:
            return
        self._started = True
        self.internet.trust(self.authority.root_pem)
        # One run for all of them, and on no host: every entry into the world has its price.
        self.internet.run(until=self.internet.loop.create_task(self._start_all()))

    async def _start_all(self) -> None:
        from firstbyte.lab.site_server import SiteServer

        for host, program in self.programs:
            self._kept.append(await host.run(_awaiting(program)))
        for site in self.sites:
            server = SiteServer(site, self.authority)
            await self.internet.hosts[site.host].run(server.start())
            self._kept.append(server)
        await self.client.online()

    def run(self, program: Coroutine[Any, Any, T], *, limit_s: float | None = None) -> T:
        """Run ``program`` on the client to its end, in virtual time; its result.

        Raises what the program raises, and ``firstbyte.sim``'s ``TimeLimit`` and ``Deadlock``.
        """
        self.start()
        task = self.client.run(program)
        self.internet.run(until=task, limit_s=limit_s)
        return task.result()

    def close(self) -> None:
        """End the world."""
        self.internet.close()


async def _awaiting(program: Program) -> object:
    return await program()
