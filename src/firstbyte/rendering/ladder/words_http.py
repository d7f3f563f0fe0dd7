"""HTTP in the words of the ladder: one short function a kind of event."""

from firstbyte.events import Event, http
from firstbyte.rendering.headline import REASONS
from firstbyte.rendering.ladder.context import Context
from firstbyte.rendering.ladder.steps import Step
from firstbyte.rendering.ladder.words import Words, step_of
from firstbyte.rendering.units import exact_size, plural, size


def _request(what: http.RequestStarted, event: Event, context: Context) -> Step:
    label = f"{what.method} {what.target} HTTP/{what.version}"
    sent = context.sent_sizes.get((event.hop, event.connection))
    label += f" · {exact_size(sent)}" if sent else ""
    return step_of(event, context, label, sent=True)


def _response(what: http.ResponseStarted, event: Event, context: Context) -> Step:
    reason = what.reason or REASONS.get(what.status, "")
    label = f"{what.status} {reason}".rstrip() + f" · {plural(len(what.headers), 'field')}"
    return step_of(event, context, label, sent=False, bad=what.status >= 400)


def _interim(what: http.Informational, event: Event, context: Context) -> Step:
    names = {100: "Continue", 101: "Switching Protocols", 103: "Early Hints"}
    label = f"{what.status} {names.get(what.status, '')}".rstrip()
    return step_of(event, context, label, sent=False)


def _body(what: http.BodyReceived, event: Event, context: Context) -> Step | None:
    if event.connection in context.segments_seen:
        return None
    return step_of(
        event,
        context,
        f"content {size(what.count)}",
        sent=False,
        bulk=True,
        noun="read",
        size_bytes=what.count,
        count=what.reads,
    )


def _finished(what: http.ResponseFinished, event: Event, context: Context) -> Step:
    label = "end of response" if not what.truncated else "stopped reading (--max-bytes)"
    label += f" · {exact_size(what.body_bytes)} of content"
    return step_of(event, context, label, sent=False)


def _trailers(what: http.Trailers, event: Event, context: Context) -> Step:
    return step_of(event, context, f"trailers · {plural(len(what.headers), 'field')}", sent=False)


def _stream_reset(what: http.StreamReset, event: Event, context: Context) -> Step:
    return step_of(event, context, f"stream reset: {what.name}", bad=True)


def _proxy_connect(what: http.ProxyConnect, event: Event, context: Context) -> Step:
    return step_of(event, context, f"CONNECT {what.authority} (proxy {what.proxy})", sent=True)


def _proxy_connected(what: http.ProxyConnected, event: Event, context: Context) -> Step:
    label = f"{what.status} {what.reason} from the proxy"
    return step_of(event, context, label, sent=False, bad=what.status >= 300)


WORDS: dict[type, Words] = {
    http.RequestStarted: _request,
    http.ResponseStarted: _response,
    http.Informational: _interim,
    http.BodyReceived: _body,
    http.ResponseFinished: _finished,
    http.Trailers: _trailers,
    http.StreamReset: _stream_reset,
    http.ProxyConnect: _proxy_connect,
    http.ProxyConnected: _proxy_connected,
}
