"""``select``, ``poll`` and ``epoll`` while a world runs: they wait for sockets in virtual time.

Descriptors of anything else (files, pipes) are asked of the machine, without waiting there.
"""

import errno
import os
import select
import selectors
from collections.abc import Iterable
from typing import Any, Self

from firstbyte.sim.current import HOST
from firstbyte.sim.descriptors import DESCRIPTORS
from firstbyte.sim.endpoints import Endpoint
from firstbyte.sim.errors import os_error
from firstbyte.sim.standstill import let_others_go_on, stand_still

REAL_SELECT, REAL_POLL, REAL_EPOLL = select.select, select.poll, select.epoll

UNASKED = select.POLLERR | select.POLLHUP | select.POLLNVAL
"""Told whether wanted or not (poll(2))."""
FLAGS = select.EPOLLET | select.EPOLLONESHOT | select.EPOLLEXCLUSIVE

Found = list[tuple[int, int]]


def events_of(fd: int, wanted: int) -> int:
    """What poll(2) would tell of ``fd`` at once."""
    sock = DESCRIPTORS.owner(fd)
    if sock is None:
        return dict(_ask_machine({fd: wanted}, 0)).get(fd, 0)
    return _events_of_endpoint(sock.endpoint) & (wanted | UNASKED)


def _events_of_endpoint(endpoint: Endpoint) -> int:
    ready, ends = endpoint.readiness(), endpoint.reads_end
    told = 0
    # Who was never connected has nothing to read, though a read would not block.
    if ready & selectors.EVENT_READ and (ends or not endpoint.hung_up):
        told |= select.POLLIN | select.POLLRDNORM
    if ready & selectors.EVENT_WRITE:
        told |= select.POLLOUT | select.POLLWRNORM
    told |= select.POLLRDHUP if ends else 0
    told |= select.POLLHUP if endpoint.hung_up else 0
    return told | (select.POLLERR if endpoint.failed else 0)


def _descriptor(fileobj: Any) -> int:
    fd = fileobj if isinstance(fileobj, int) else fileobj.fileno()
    if fd < 0:
        raise ValueError(f"file descriptor cannot be a negative integer ({fd})")
    return int(fd)


def _wait(call: str, wanted: dict[int, int], timeout_s: float | None) -> Found:
    """What is told of ``wanted``: in virtual time, or in real time if no socket is among them."""
    if timeout_s is not None and timeout_s < 0:
        timeout_s = None
    if wanted and not any(DESCRIPTORS.owner(fd) for fd in wanted):
        return _ask_machine(wanted, timeout_s)
    found: Found = []

    def is_ready() -> bool:
        if not found:
            found.extend(_look(wanted))
        return bool(found)

    stand_still(call, is_ready, timeout_s)
    if not found and timeout_s == 0:
        let_others_go_on(call)
    return found


def _ask_machine(wanted: dict[int, int], timeout_s: float | None) -> Found:
    """Pipes of a subprocess, say: who waits for nothing else waits in real time."""
    machine = REAL_POLL()
    for fd, events in wanted.items():
        machine.register(fd, events)
    return machine.poll(None if timeout_s is None else timeout_s * 1000)


def sim_select(
    rlist: Iterable[Any], wlist: Iterable[Any], xlist: Iterable[Any], timeout: float | None = None
) -> tuple[list[Any], list[Any], list[Any]]:
    """As ``select.select``; nothing exceptional ever happens to sockets here."""
    if HOST.get() is None:
        return REAL_SELECT(rlist, wlist, xlist, timeout)
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be non-negative")
    readers = {_descriptor(one): one for one in rlist}
    writers = {_descriptor(one): one for one in wlist}
    for one in xlist:
        _descriptor(one)
    wanted = dict.fromkeys(readers, select.POLLIN)
    for fd in writers:
        wanted[fd] = wanted.get(fd, 0) | select.POLLOUT
    found = dict(_wait("select", wanted, timeout))
    if any(events & select.POLLNVAL for events in found.values()):
        raise os_error(errno.EBADF)
    readable = select.POLLIN | select.POLLHUP | select.POLLERR
    writable = select.POLLOUT | select.POLLERR
    return (
        [one for fd, one in readers.items() if found.get(fd, 0) & readable],
        [one for fd, one in writers.items() if found.get(fd, 0) & writable],
        [],
    )


def _look(wanted: dict[int, int]) -> Found:
    return [(fd, told) for fd, events in wanted.items() if (told := events_of(fd, events))]


def _is_open(fd: int) -> bool:
    try:
        return DESCRIPTORS.owner(fd) is not None or os.fstat(fd) is not None
    except OSError:
        return False


class SimPoll:
    """``select.poll()``: what is watched, by descriptor. A real one for the process itself."""

    def __new__(cls) -> Any:
        """Belongs to the program that makes it."""
        return REAL_POLL() if HOST.get() is None else super().__new__(cls)

    def __init__(self) -> None:
        self._wanted: dict[int, int] = {}

    def register(
        self, fd: Any, eventmask: int = select.POLLIN | select.POLLPRI | select.POLLOUT, /
    ) -> None:
        """Watch ``fd``, or change what is watched of it."""
        self._wanted[_descriptor(fd)] = eventmask

    def modify(self, fd: Any, eventmask: int, /) -> None:
        """Change what is watched; ENOENT if it is not."""
        number = _descriptor(fd)
        if number not in self._wanted:
            raise os_error(errno.ENOENT)
        self._wanted[number] = eventmask

    def unregister(self, fd: Any, /) -> None:
        """Stop to watch; ``KeyError`` if it is not watched."""
        del self._wanted[_descriptor(fd)]

    def poll(self, timeout: float | None = None, /) -> Found:
        """What is ready, at the latest after ``timeout`` milliseconds."""
        seconds = None if timeout is None else timeout / 1000
        return _wait("poll", self._wanted, seconds)


class SimEpoll:
    """``select.epoll()``, level-triggered, also where EPOLLET is asked for."""

    def __new__(cls, sizehint: int = -1, flags: int = 0) -> Any:
        """Belongs to the program that makes it; a real one for the process itself."""
        return REAL_EPOLL(sizehint, flags) if HOST.get() is None else super().__new__(cls)

    def __init__(self, sizehint: int = -1, flags: int = 0) -> None:
        del sizehint, flags
        self._wanted: dict[int, int] = {}
        self.closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def fileno(self) -> int:
        """None that the machine would know."""
        return -1

    def close(self) -> None:
        """Forget everything."""
        self.closed = True
        self._wanted.clear()

    def _known(self, fd: Any, *, watched: bool) -> int:
        if self.closed:
            raise ValueError("I/O operation on closed epoll object")
        number = _descriptor(fd)
        if (number in self._wanted) is not watched:
            raise os_error(errno.ENOENT if watched else errno.EEXIST)
        return number

    def register(
        self, fd: Any, eventmask: int = select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT
    ) -> None:
        """Watch ``fd``; EEXIST if it is watched already."""
        self._wanted[self._known(fd, watched=False)] = eventmask

    def modify(self, fd: Any, eventmask: int) -> None:
        """Change what is watched; ENOENT if it is not."""
        self._wanted[self._known(fd, watched=True)] = eventmask

    def unregister(self, fd: Any) -> None:
        """Stop to watch; ENOENT if it is not watched."""
        del self._wanted[self._known(fd, watched=True)]

    def poll(self, timeout: float | None = None, maxevents: int = -1) -> Found:
        """What is ready, at the latest after ``timeout`` seconds; at most ``maxevents``."""
        if self.closed:
            raise ValueError("I/O operation on closed epoll object")
        # Sockets that were closed are no longer watched, as on Linux.
        active = {
            fd: events & ~FLAGS
            for fd, events in self._wanted.items()
            if events != select.EPOLLONESHOT and _is_open(fd)
        }
        found = _wait("epoll", active, timeout)
        found = [(fd, told) for fd, told in found if not told & select.POLLNVAL]
        found = found if maxevents < 0 else found[:maxevents]
        for fd, _ in found:
            if self._wanted[fd] & select.EPOLLONESHOT:
                self._wanted[fd] = select.EPOLLONESHOT
        return found
