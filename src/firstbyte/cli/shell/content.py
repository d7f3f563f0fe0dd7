"""The request's content from ``-d`` and its relatives, by curl's rules."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

from msgspec import Struct

from firstbyte.cli.shell.files import read_bytes
from firstbyte.cli.shell.values import reject

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Content(Struct, frozen=True):
    """What to send, and the fields that describe it; all null when nothing was given."""

    data: bytes | None = None
    type: str | None = None
    accept: str | None = None


def content_of(values: Mapping[str, Any]) -> Content:
    """Join the data options with ``&``, or take the JSON.

    Raises:
        UsageError: both kinds were given.
        FileError: a named file cannot be read.

    """
    parts = [
        *(_plain(text) for text in values["data"]),
        *(text.encode() for text in values["data_raw"]),
        *(_binary(text) for text in values["data_binary"]),
        *(_encoded(text) for text in values["data_urlencode"]),
    ]
    json_body = values["json_body"]
    if json_body is not None:
        if parts:
            reject("--json-body and -d exclude each other")
        return Content(_binary(json_body), JSON, JSON)
    return Content(b"&".join(parts), FORM) if parts else Content()


def _binary(text: str) -> bytes:
    return read_bytes(text[1:]) if text.startswith("@") else text.encode()


def _plain(text: str) -> bytes:
    """``-d`` drops line ends and NUL from a file."""
    if not text.startswith("@"):
        return text.encode()
    return read_bytes(text[1:]).translate(None, b"\r\n\0")


def _encoded(text: str) -> bytes:
    """``content``, ``=content``, ``name=content``, ``@file`` or ``name@file``."""
    equals, at = text.find("="), text.find("@")
    if equals >= 0 and (at < 0 or equals < at):
        name, value = text[:equals], text[equals + 1 :].encode()
    elif at >= 0:
        name, value = text[:at], read_bytes(text[at + 1 :])
    else:
        name, value = "", text.encode()
    prefix = f"{name}=" if name else ""
    return f"{prefix}{quote_plus(value, safe='')}".encode()
