"""Reads saved journeys: one JSON value, or JSON Lines."""

import msgspec

from firstbyte.cli.shell.files import READ_FAILED, FileError, read_bytes
from firstbyte.journey.model import SCHEMA_VERSION, Journey


class _Version(msgspec.Struct):
    schema_version: int


def read_journeys(name: str) -> list[Journey]:
    """All journeys of a file (``-``: stdin).

    Raises:
        FileError: it cannot be read, is no journey, or was written by a newer firstbyte.

    """
    data = read_bytes(name)
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if len(lines) > 1 and _is_json(lines[0][1]):
        return [_read_one(name, f"line {number} ", line) for number, line in lines]
    return [_read_one(name, "", data)]


def _read_one(name: str, where: str, data: bytes) -> Journey:
    try:
        _check_version(name, data)
        return Journey.from_json(data)
    except msgspec.ValidationError as fault:
        raise _refuse(name, f"{where}is no journey: {fault}") from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise _refuse(name, f"{where}is not JSON: {fault}") from fault


def _is_json(data: bytes) -> bool:
    try:
        msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _check_version(name: str, data: bytes) -> None:
    version = msgspec.json.decode(data, type=_Version).schema_version
    if version > SCHEMA_VERSION:
        raise _refuse(
            name,
            f"has schema version {version}, this firstbyte reads up to {SCHEMA_VERSION}: "
            "a newer firstbyte wrote it",
        )


def _refuse(name: str, why: str) -> FileError:
    return FileError(f"{'stdin' if name == '-' else name} {why}", READ_FAILED)
