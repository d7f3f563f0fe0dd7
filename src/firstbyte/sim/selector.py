"""The loop's selector: waits in virtual time for simulated sockets.

``select`` never sleeps. When nothing is ready it moves the clock to the next appointment, lets
packets travel and timers fire, and returns as soon as somebody has something to do.
"""

import selectors
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from firstbyte.sim.agenda import Agenda
from firstbyte.sim.clock import Clock
from firstbyte.sim.sockets import SimSocket, open_socket

SPIN_LIMIT = 1000
SPIN_COST_NS = 1_000
"""A loop that turns more often than this at one instant is busy waiting, which takes time on any
machine: each further turn costs a microsecond, and more the longer it goes on."""

Ready = list[tuple[selectors.SelectorKey, int]]


class Watched(Mapping[Any, selectors.SelectorKey]):
    """The keys by descriptor; a socket stands for its own (Python 3.13 looks up either)."""

    def __init__(self, keys: dict[int, selectors.SelectorKey]) -> None:
        self._keys = keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[int]:
        return iter(self._keys)

    def __getitem__(self, fileobj: Any) -> selectors.SelectorKey:
        return self._keys[fileobj if isinstance(fileobj, int) else fileobj.fileno()]


class SimSelector(selectors.BaseSelector):
    """Readiness of simulated sockets, level-triggered like epoll."""

    def __init__(self, clock: Clock, agenda: Agenda) -> None:
        self._clock = clock
        self._agenda = agenda
        self._keys: dict[int, selectors.SelectorKey] = {}
        self._watched = Watched(self._keys)
        self._sockets: dict[int, SimSocket] = {}
        # Insertion-ordered: the order in which sockets became ready decides who runs first.
        self._hot: dict[int, None] = {}
        self._turns = 0
        self.has_work: Callable[[], bool] = lambda: False
        """Whether the loop has callbacks to run; set by the loop."""
        self.is_held: Callable[[selectors.SelectorKey], bool] | None = None
        """Whether who watches stands still; None while nobody does. Set by the loop."""
        self.on_idle: Callable[[], None] = lambda: None
        """Called when nothing can ever happen again; raises. Set by the loop."""

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Watch a simulated socket (or its descriptor)."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        sock = open_socket(fd)
        if fd in self._keys:
            raise KeyError(f"{fd} is already registered")
        key = selectors.SelectorKey(fileobj, fd, events, data)
        self._keys[fd] = key
        self._sockets[fd] = sock
        sock.watcher = self
        self.refresh(sock)
        return key

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        """Change what is watched."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, fd, events, data)
        if fd not in self._keys:
            raise KeyError(f"{fd} is not registered")
        self._keys[fd] = key
        self.refresh(self._sockets[fd])
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        """Stop to watch."""
        fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = self._keys.pop(fd)
        self._sockets.pop(fd).watcher = None
        self._hot.pop(fd, None)
        return key

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        """The key of a watched socket; ``KeyError`` if it is not."""
        return self._keys[fileobj if isinstance(fileobj, int) else fileobj.fileno()]

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        """All that is watched, by descriptor or by socket."""
        return self._watched

    def refresh(self, sock: SimSocket) -> None:
        """Look again whether ``sock`` is ready for what its watcher wants."""
        key = self._keys.get(sock.descriptor)
        if key is None:
            return
        if sock.endpoint.readiness() & key.events:
            self._hot[key.fd] = None
        else:
            self._hot.pop(key.fd, None)

    def select(self, timeout: float | None = None) -> Ready:
        """What is ready; moves the clock on when ``timeout`` allows waiting and nothing is."""
        began_ns = self._clock.now_ns
        self._agenda.run_due()
        if timeout is None or timeout > 0:
            self._wait()
        self._turns += 1
        if self._clock.now_ns > began_ns:
            self._turns = 0
        elif self._turns >= SPIN_LIMIT:
            self._spin()
        return self._ready() if self._hot else []

    def _wait(self) -> None:
        hot, has_work, run_next = self._hot, self.has_work, self._agenda.run_next
        while not ((hot and self._any_hot()) or has_work()):
            if not run_next():
                self.on_idle()
                break

    def _any_hot(self) -> bool:
        is_held = self.is_held
        return is_held is None or any(not is_held(self._keys[fd]) for fd in self._hot)

    def _spin(self) -> None:
        excess = self._turns // SPIN_LIMIT
        at_ns = self._clock.now_ns + (SPIN_COST_NS << min(excess - 1, 20))
        next_ns = self._agenda.next_ns()
        self._clock.advance_to(at_ns if next_ns is None else min(at_ns, next_ns))
        self._agenda.run_due()

    def _ready(self) -> Ready:
        ready: Ready = []
        for fd in list(self._hot):
            key = self._keys[fd]
            mask = self._sockets[fd].endpoint.readiness() & key.events
            if not mask:
                del self._hot[fd]
            elif self.is_held is None or not self.is_held(key):
                ready.append((key, mask))
        return ready

    def close(self) -> None:
        """Forget everything."""
        for sock in self._sockets.values():
            sock.watcher = None
        self._keys.clear()
        self._sockets.clear()
        self._hot.clear()
