"""DNS over HTTP/1.1: one question at a time on a connection that stays (RFC 9112)."""

import h11

from firstbyte.resolver.daemon.doh.requests import (
    MAX_HEADER_BYTES,
    MAX_QUERY_BYTES,
    Incoming,
    Refusal,
    headers_of,
    question_in,
)

_TOO_LONG = "the header fields are too long"


class Http1Server:
    """The machine: ``receive`` octets, ``respond`` to what came, send ``outgoing``."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEADER_BYTES)
        self._out = bytearray()
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._date = ""
        self.ended = False
        """Close once ``outgoing`` is sent."""

    def receive(self, data: bytes, date: str = "") -> list[Incoming]:
        """The request that is complete with this, if any; ``date`` is now."""
        self._date = date
        try:
            self._connection.receive_data(data)
            return self._take()
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            self._refuse(status, _TOO_LONG if status == 431 else "that is no HTTP/1.1")
            return []

    def _take(self) -> list[Incoming]:
        found: list[Incoming] = []
        while True:
            event = self._connection.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return found
            if isinstance(event, h11.Request):
                # h11 limits only what is incomplete: a head that comes at once may be longer
                if _head_bytes(event) > MAX_HEADER_BYTES:
                    self._refuse(431, _TOO_LONG)
                    return found
                self._request, self._body = event, bytearray()
                if self._connection.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    self._out += self._connection.send(go_on) or b""
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_QUERY_BYTES:
                    self._refuse(413, "no DNS message is that long")
                    return found
            elif isinstance(event, h11.EndOfMessage) and self._request is not None:
                found.append(Incoming(0, self._question(self._request)))
            else:
                self.ended = True
                return found

    def _question(self, request: h11.Request) -> bytes | Refusal:
        media = next((v for name, v in request.headers if name == b"content-type"), b"")
        return question_in(
            request.method.decode("ascii", "replace"),
            request.target.decode("ascii", "replace"),
            media.decode("latin-1"),
            bytes(self._body),
        )

    def respond(
        self,
        key: int,  # noqa: ARG002
        content: bytes | Refusal,
        max_age_s: int,
        date: str = "",
    ) -> list[Incoming]:
        """Answer the open request; the next one, where it waits already."""
        self._date = date
        if self._connection.our_state is not h11.SEND_RESPONSE:
            return []
        status, fields, body = headers_of(content, max_age_s, date)
        self._send(status, fields, body)
        try:
            self._connection.start_next_cycle()
            return self._take()
        except (h11.LocalProtocolError, h11.RemoteProtocolError):
            self.ended = True
            return []

    def _send(self, status: int, fields: list[tuple[str, str]], body: bytes) -> None:
        send = self._connection.send
        self._out += send(h11.Response(status_code=status, headers=fields)) or b""
        head_alone = self._request is not None and self._request.method == b"HEAD"
        if not head_alone:
            self._out += send(h11.Data(data=body)) or b""
        self._out += send(h11.EndOfMessage()) or b""

    def _refuse(self, status: int, text: str) -> None:
        """An error that ends the connection."""
        self.ended = True
        if self._connection.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            _, fields, body = headers_of(Refusal(status, text), 0, self._date)
            try:
                self._send(status, [*fields, ("connection", "close")], body)
            except h11.LocalProtocolError:
                self._out.clear()

    def outgoing(self) -> bytes:
        """What is to be sent."""
        out, self._out = bytes(self._out), bytearray()
        return out


def _head_bytes(request: h11.Request) -> int:
    fields = sum(len(name) + len(value) + 4 for name, value in request.headers)
    return len(request.target) + fields
