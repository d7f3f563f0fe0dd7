"""What is drawn and exported from a journey that somebody else wrote."""

import json
import re

import msgspec

from firstbyte.journey.model import Journey
from firstbyte.rendering.exports.har import archive
from firstbyte.rendering.exports.writeout import write_out
from firstbyte.rendering.exports.writeout_variables import Transfer
from firstbyte.rendering.look import Look
from firstbyte.rendering.page import Detail, page
from fuzz.target import Target, text, texts
from testbed.events import healthy

_HEALTHY = healthy().journey()


def _write_out(data: bytes) -> None:
    write_out(text(data), Transfer(_HEALTHY))


def _page(data: bytes) -> None:
    """No line leaves the page, and no control character reaches the terminal."""
    journey = Journey.from_json(data)
    absurd = re.search(rb"[0-9]{9}|e[0-9+]", data)  # a time of ages may take its room
    for width in (80, 120):
        for line in page(journey, Look(width), Detail(verbose=True, ladder=True)):
            assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line.plain), line.plain
            assert absurd or line.cell_len <= width, (width, line.plain)


def _har(data: bytes) -> None:
    json.dumps(archive([Journey.from_json(data)]))


_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
TARGETS = (
    Target(
        "shown.write_out",
        texts(
            "%{http_code} %{time_total}\\n%header{server:all:, } %% %{json} %{url.host}",
            "%output{/dev/null} %{stderr}%{onerror}%{certs}%{header_json}",
        ),
        _write_out,
    ),
    Target("shown.page", (_HEALTHY.to_json(),), _page, _UNREADABLE),
    Target("shown.har", (_HEALTHY.to_json(),), _har, _UNREADABLE),
)
