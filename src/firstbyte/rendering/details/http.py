"""HTTP: header fields of both directions, in curl's manner (> sent, < received)."""

from rich.text import Text

from firstbyte.events.http import Headers
from firstbyte.journey.model import Hop, Http
from firstbyte.rendering.details.rows import joined, row
from firstbyte.rendering.escape import escape
from firstbyte.rendering.headline import status_words
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, exact_size
from firstbyte.rendering.wrapping import wrap


def http_facts(hop: Hop, look: Look) -> list[Text]:
    """The exchange: request, interim responses, response, trailers, content."""
    http = hop.http
    if http is None:
        return []
    version = f"HTTP/{hop.http_version}" if hop.http_version else "HTTP"
    lines = _marked(">", f"{hop.method} {hop.url} {version}", look, "title")
    lines.extend(_fields(">", http.request_headers, look))
    for interim in http.interim:
        words = f"{version} {interim.status} at {duration(interim.at_ms)}"
        lines.extend(_marked("<", words, look, "title"))
        lines.extend(_fields("<", interim.headers, look))
    if hop.status is not None:
        lines.extend(_marked("<", f"{version} {status_words(hop)}", look, "title"))
    lines.extend(_fields("<", http.response_headers, look))
    lines.extend(_fields("<", http.trailers, look, " (trailer)"))
    lines.extend(row("content", _content(http), look))
    lines.extend(row("leads to", hop.redirect_url or "", look))
    return lines


def _fields(mark: str, headers: Headers, look: Look, note: str = "") -> list[Text]:
    return [
        line
        for name, value in headers
        for line in _marked(mark, f"{name}: {value}{note}", look, "")
    ]


def _marked(mark: str, text: str, look: Look, style: str) -> list[Text]:
    shown = look.words(escape(text))
    return [
        Text.assemble((f"  {mark} " if number == 0 else "      ", "dim"), (part, style))
        for number, part in enumerate(wrap(shown, look.width - 6))
    ]


def _content(http: Http) -> str:
    if http.body_bytes is None:
        return ""
    decoded = None
    if http.encoding and http.decoded_bytes is not None:
        decoded = f"{exact_size(http.decoded_bytes)} decoded from {http.encoding}"
    cut = "cut by --max-bytes" if http.truncated else None
    return joined((f"{exact_size(http.body_bytes)} transferred", decoded, cut))
