"""A name server on a loop of its own, for tests of what runs a loop itself (the commands)."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from firstbyte.server.dns.serving import NameServer


@contextmanager
def serving_port(make: Callable[[], NameServer]) -> Iterator[str]:
    """The port of the server that ``make`` makes, in the thread that serves it."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found: list[tuple[int, asyncio.Event]] = []

    async def serve() -> None:
        async with make() as server:
            ended = asyncio.Event()
            found.append((server.address[1], ended))
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    port, ended = found[0]
    yield str(port)
    loop.call_soon_threadsafe(ended.set)
    thread.join()
    loop.close()
