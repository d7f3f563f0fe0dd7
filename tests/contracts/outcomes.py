"""Scripts of calls, played on both networks: what they gave, or the errors that they raised."""

import asyncio
import inspect
import socket

from firstbyte.sim import Internet


def outcome(call):
    """What ``call`` gave, or the error that it raised."""
    try:
        return call()
    except OSError as error:
        return type(error).__name__, error.errno


class Made:
    """Sockets that a script made; closed at its end."""

    def __init__(self):
        self._made = []

    def new(self, family=socket.AF_INET, kind=socket.SOCK_STREAM):
        return self.keep(socket.socket(family, kind))

    def pair(self, kind=socket.SOCK_STREAM):
        first, second = socket.socketpair(socket.AF_UNIX, kind)
        return self.keep(first), self.keep(second)

    def keep(self, sock):
        sock.setblocking(False)
        self._made.append(sock)
        return sock

    def close(self):
        for sock in self._made:
            sock.close()


async def play(script, *arguments):
    """The outcomes of the calls that ``script`` (an async generator function) yields."""
    made = Made()
    found = []
    try:
        async for call in script(made, *arguments):
            result = outcome(call)
            found.append(await result if inspect.isawaitable(result) else result)
    finally:
        made.close()
    return found


def in_the_world(program):
    """Run ``program`` (a coroutine) on a host of a new world."""
    with Internet() as internet:
        return internet.run(until=internet.host("machine").run(program))


def on_both(script, *arguments):
    """The outcomes on the machine, and in the world."""
    return asyncio.run(play(script, *arguments)), in_the_world(play(script, *arguments))
