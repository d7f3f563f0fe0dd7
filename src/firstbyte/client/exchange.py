"""One request and its response over a stream, told as ``http.*`` events.

The machine (HTTP/1 or 2) decides; this driver moves bytes, takes times and counts. A sender task
runs beside the reader, so that an answer which comes before the request's body is sent is read at
once, and a peer that reads nothing cannot block its own answer.
"""

import asyncio
import contextlib
from collections.abc import Callable

from msgspec import Struct

from firstbyte.client.content import ContentCounter
from firstbyte.errors import ConnectionLifeError, HttpError
from firstbyte.events import Scope
from firstbyte.events.http import (
    FirstByte,
    Headers,
    Informational,
    RequestSent,
    RequestStarted,
    ResponseFinished,
    ResponseStarted,
    StreamReset,
    Trailers,
)
from firstbyte.net.stream import Stream
from firstbyte.protocols.http.messages import (
    Complete,
    Content,
    Failure,
    Head,
    InterimHead,
    Machine,
    MachineEvent,
    Request,
    Reset,
    ResponseBegan,
    TrailerSection,
    find_header,
)

Sink = Callable[[bytes], object]
"""Takes decoded content as it comes; an ``OSError`` from it ends the exchange (write.failed)."""


class ExchangeLimits(Struct, frozen=True):
    """``max_bytes`` of content as transferred; ``decode`` undoes Content-Encoding and counts."""

    max_bytes: int | None = None
    decode: bool = True


class Response(Struct, frozen=True):
    """What came back. Counts as in ``http.response_finished``."""

    version: str
    status: int
    reason: str
    headers: Headers
    trailers: Headers
    body_bytes: int
    decoded_bytes: int | None
    encoding: str | None
    truncated: bool
    reusable: bool
    """Another request may follow on the same connection."""

    def header(self, name: str) -> str | None:
        """The first value of a field, whatever the case of its name."""
        return find_header(self.headers, name)


async def exchange(
    stream: Stream,
    machine: Machine,
    request: Request,
    scope: Scope,
    limits: ExchangeLimits | None = None,
    sink: Sink | None = None,
) -> Response:
    """Send ``request`` and read its whole response; the caller bounds the time.

    Cancelling it leaves the events so far; the stream is then good only for ``abort``.

    Raises:
        HttpError: http.* with the phase it happened in; write.failed.
        TlsError: the secure channel broke meanwhile.

    """
    run = Progress(request, scope, limits or ExchangeLimits(), sink)
    driver = _Driver(stream, machine, run)
    try:
        return await driver.run()
    finally:
        run.flush()


class Progress:
    """Where an exchange stands: turns machine events into recorded ones and into a ``Response``.

    Shared by the stream driver here and by HTTP/3's in ``client.quic``.
    """

    def __init__(
        self, request: Request, scope: Scope, limits: ExchangeLimits, sink: Sink | None
    ) -> None:
        self.request = request
        self.scope = scope
        self._limits = limits
        self._content = ContentCounter(scope, limits.max_bytes, sink)
        self._head: Head | None = None
        self._trailers: Headers = ()
        self._request_sent = False
        self._began = False
        self.complete = False

    @property
    def phase(self) -> str:
        """What is going on: send, wait or receive."""
        if self._head is not None:
            return "receive"
        return "wait" if self._request_sent else "send"

    @property
    def finished(self) -> bool:
        """Nothing more is wanted: the response is whole, or ``max_bytes`` is reached."""
        return self.complete or (self._head is not None and self._content.full)

    def started(self, version: str, stream: int | None) -> None:
        """The first byte is about to go out."""
        asked = self.request
        headers = asked.headers
        if asked.authority is not None:
            name = "Host" if version.startswith("1") else ":authority"
            headers = ((name, asked.authority), *headers)
        self.scope.emit(
            RequestStarted(version, asked.method, asked.target, headers, stream), direction="sent"
        )

    def sent(self, head_bytes: int, body_bytes: int) -> None:
        """All of the request was taken by the connection; told once."""
        if not self._request_sent:
            self._request_sent = True
            self.scope.emit(RequestSent(head_bytes, body_bytes), direction="sent")

    def take(self, events: list[MachineEvent], at_ns: int) -> None:
        """Record what the machine found in bytes that arrived at ``at_ns``.

        Raises:
            HttpError: one of the events is a failure, or content cannot be decoded or written.

        """
        for event in events:
            self._take(event, at_ns)
            if self.complete:
                return

    def _take(self, event: MachineEvent, at_ns: int) -> None:
        match event:
            case Content(data):
                self._content.add(data, at_ns)
            case ResponseBegan():
                self._begin(at_ns)
            case Head():
                self._take_head(event, at_ns)
            case InterimHead(status, headers):
                self._begin(at_ns)
                self.scope.emit(Informational(status, headers), direction="received", at_ns=at_ns)
            case TrailerSection(headers):
                self._trailers = headers
                self._content.flush()
                self.scope.emit(Trailers(headers), direction="received", at_ns=at_ns)
            case Complete():
                self.complete = True
            case Reset(code, name):
                self._content.flush()
                self.scope.emit(StreamReset(code, name), direction="received", at_ns=at_ns)
            case Failure():
                raise HttpError(
                    event.id, event.message, event.hint, phase=event.phase or self.phase
                )

    def _begin(self, at_ns: int) -> None:
        if not self._began:
            self._began = True
            self.scope.emit(FirstByte(), direction="received", at_ns=at_ns)

    def _take_head(self, head: Head, at_ns: int) -> None:
        self._begin(at_ns)
        self._head = head
        self.scope.emit(
            ResponseStarted(
                head.version, head.status, head.reason, head.headers, _head_bytes(head)
            ),
            direction="received",
            at_ns=at_ns,
        )
        self._content.start(head.headers, decode=self._limits.decode)

    def flush(self) -> None:
        """Record content that is still being merged; call it however the exchange ends."""
        self._content.flush()

    def response(self, *, reusable: bool) -> Response:
        """The result, once ``finished``; records ``http.response_finished``.

        Raises:
            HttpError: http.bad_encoding, when the compressed content was cut.

        """
        head, content = self._head, self._content
        if head is None:
            raise HttpError("http.malformed", "the response has no head", phase=self.phase)
        truncated = content.cut or not self.complete
        content.flush()
        if not truncated:
            content.finish()
        self.scope.emit(
            ResponseFinished(
                content.body_bytes, content.decoded_bytes, content.encoding, truncated
            ),
            direction="received",
        )
        return Response(
            head.version,
            head.status,
            head.reason,
            head.headers,
            self._trailers,
            content.body_bytes,
            content.decoded_bytes,
            content.encoding,
            truncated,
            reusable and not truncated,
        )


def _head_bytes(head: Head) -> int:
    """The head as HTTP/1 writes it: status line, fields, empty line; curl counts so, too."""
    status_line = f"HTTP/{head.version} {head.status} {head.reason}\r\n"
    return len(status_line) + sum(len(n) + len(v) + 4 for n, v in head.headers) + 2


class _Driver:
    def __init__(self, stream: Stream, machine: Machine, run: Progress) -> None:
        self._stream = stream
        self._machine = machine
        self._run = run
        self._wake = asyncio.Event()
        self._send_error: ConnectionLifeError | None = None

    async def run(self) -> Response:
        number = self._machine.request(self._run.request)
        self._run.started(self._machine.version, number)
        sender = asyncio.create_task(self._send())
        try:
            while not self._run.finished:
                await self._receive()
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender
        await self._send_last()
        return self._run.response(reusable=self._machine.can_reuse and self._send_error is None)

    async def _receive(self) -> None:
        try:
            data = await self._stream.receive()
        except ConnectionLifeError as error:
            raise self._broken(error) from error
        self._run.take(self._machine.receive(data), self._run.scope.now_ns())
        self._wake.set()

    async def _send(self) -> None:
        """Send what the machine has to say for as long as the exchange lasts."""
        try:
            while True:
                await self._drain()
                await self._wake.wait()
                self._wake.clear()
        except ConnectionLifeError as error:
            self._send_error = error  # an answer may have come before: the reader decides

    async def _drain(self) -> None:
        machine = self._machine
        while data := machine.outgoing():
            await self._stream.send(data)
        if machine.request_sent:
            self._run.sent(machine.head_bytes, machine.body_bytes_sent)

    async def _send_last(self) -> None:
        """Window updates and acknowledgements, if the connection is to be used again."""
        if self._machine.can_reuse and self._send_error is None:
            try:
                await self._drain()
            except ConnectionLifeError as error:
                self._send_error = error

    def _broken(self, error: ConnectionLifeError) -> ConnectionLifeError:
        phase = self._run.phase
        if not error.id.startswith("tcp."):
            return error
        if phase == "send":
            return HttpError(
                "http.send_failed",
                f"the request could not be sent whole: {error.message}",
                "the server may refuse bodies of this size, or close early without an answer",
                phase=phase,
            )
        if error.id == "tcp.reset":
            return HttpError(
                "http.reset",
                f"{error.message} while the response was {_DOING[phase]}",
                "a crashed worker, a proxy's time limit or a firewall does this",
                phase=phase,
            )
        return HttpError(error.id, error.message, error.hint, phase=phase)


_DOING = {"wait": "awaited", "receive": "being read"}
