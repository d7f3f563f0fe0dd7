"""The exchange of a hop: request, interim responses, response."""

from urllib.parse import quote, urljoin

from firstbyte.events import Event, http
from firstbyte.events.http import Headers
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.model import Http, Interim, ms
from firstbyte.journey.select import Seen, each, last

REDIRECTS = {301, 302, 303, 307, 308}
_ASCII = "".join(map(chr, range(128)))


def build_http(view: HopView) -> Http | None:
    """The hop's exchange; null when no request was begun."""
    request, events = view.request, view.exchange
    if request is None:
        return None
    response = last(events, http.ResponseStarted)
    finished = last(events, http.ResponseFinished)
    sent = last(events, http.RequestSent)
    trailers = last(events, http.Trailers)
    return Http(
        request_headers=request.what.headers,
        response_headers=response.what.headers if response else (),
        body_bytes=_body_bytes(events, response, finished),
        decoded_bytes=finished.what.decoded_bytes if finished else None,
        encoding=finished.what.encoding if finished else None,
        reason=response.what.reason if response else "",
        request_head_bytes=sent.what.head_bytes if sent else None,
        request_body_bytes=sent.what.body_bytes if sent else None,
        response_head_bytes=response.what.head_bytes if response else None,
        interim=tuple(
            Interim(ms(s.at_us), s.what.status, s.what.headers)
            for s in each(events, http.Informational)
        ),
        trailers=trailers.what.headers if trailers else (),
        truncated=finished is not None and finished.what.truncated,
    )


def _body_bytes(
    events: tuple[Event, ...],
    response: Seen[http.ResponseStarted] | None,
    finished: Seen[http.ResponseFinished] | None,
) -> int | None:
    if finished is not None:
        return finished.what.body_bytes
    if response is None:
        return None
    return sum(seen.what.count for seen in each(events, http.BodyReceived))


def header(headers: Headers, name: str) -> str | None:
    """The first value of a field, by case-insensitive name."""
    return next((value for key, value in headers if key.lower() == name), None)


def redirect_url(url: str, status: int | None, headers: Headers) -> str | None:
    """Where a redirect response points, made absolute (RFC 9110, 10.2.2); null for others."""
    location = header(headers, "location")
    if status not in REDIRECTS or location is None:
        return None
    # A field's octets stand for U+0000 to U+00FF: what a URL cannot hold goes percent-encoded.
    location = quote(location, safe=_ASCII, encoding="latin-1", errors="replace")
    try:
        return urljoin(url, location)
    except ValueError:
        return location
