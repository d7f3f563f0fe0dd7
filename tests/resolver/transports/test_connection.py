"""A connection to a resolver ends whatever happens to the one who ends it."""

import asyncio
import contextlib
import time

from firstbyte.events import Recorder
from firstbyte.resolver.transports.connection import Connection
from firstbyte.resolver.transports.framing import LengthFraming


class SilentStream:
    """A stream whose peer says nothing; counts how it was ended."""

    remote_address = local_address = ("127.0.0.1", 53)
    ended = ""

    async def receive(self) -> bytes:
        await asyncio.Event().wait()
        return b""

    async def send(self, data: bytes) -> None:
        pass

    async def close(self) -> None:
        self.ended = self.ended or "closed"

    def abort(self) -> None:
        self.ended = self.ended or "aborted"


async def close(stream: SilentStream, *, cancel_after: int | None) -> None:
    scope = Recorder(time.monotonic_ns, "kernel").scope()
    connection = Connection(stream, LengthFraming(), scope)
    await asyncio.sleep(0)
    closing = asyncio.create_task(connection.close())
    for _ in range(cancel_after or 0):
        await asyncio.sleep(0)
    if cancel_after is not None:
        closing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await closing


def test_it_closes_in_order() -> None:
    stream = SilentStream()
    asyncio.run(close(stream, cancel_after=None))
    assert stream.ended == "closed"


def test_cancelled_while_closing_it_does_not_leak_the_stream() -> None:
    for turns in range(1, 5):
        stream = SilentStream()
        asyncio.run(close(stream, cancel_after=turns))
        assert stream.ended, turns
