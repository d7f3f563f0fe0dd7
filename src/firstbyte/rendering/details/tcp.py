"""TCP: the race, the options, and TCP_INFO at its moments."""

from collections.abc import Callable

import msgspec
from rich.text import Text

from firstbyte.events.tcp import TcpInfo
from firstbyte.journey.model import Attempt, Hop, TcpOptions
from firstbyte.rendering.details.rows import joined, row
from firstbyte.rendering.headline import address
from firstbyte.rendering.look import Look
from firstbyte.rendering.units import duration, size

_UNITS: dict[str, Callable[[int], str]] = {
    "_us": lambda value: duration(value / 1000),
    "_bytes": size,
    "_bytes_per_s": lambda value: f"{size(value)}/s",
}


def tcp_facts(hop: Hop, look: Look) -> list[Text]:
    """Attempts in order, what was agreed, what the kernel measured."""
    tcp = hop.tcp
    if tcp is None:
        return []
    lines = [line for attempt in tcp.attempts for line in _attempt(attempt, look)]
    if hop.local_ip is not None:
        lines.extend(row("local end", address(hop.local_ip, hop.local_port), look))
    lines.extend(row("proxy", hop.proxy or "", look))
    if tcp.options is not None:
        lines.extend(row("options", options_text(tcp.options), look))
    if tcp.rtt_ms is not None:
        lines.extend(row("path RTT", f"{duration(tcp.rtt_ms)} ({tcp.rtt_source})", look))
    if tcp.loaded_rtt_ms is not None:
        loaded = f"{duration(tcp.loaded_rtt_ms)} ({tcp.loaded_rtt_source})"
        lines.extend(row("under load", loaded, look))
    for moment, info in tcp.info.items():
        lines.extend(row(moment.replace("_", " "), info_text(info), look))
    if tcp.silent_ms is not None:
        came = f"after {duration(tcp.silent_ms)} of silence: {tcp.probe or 'not known'}"
        lines.extend(row("probe", came, look))
    lines.extend(row("closed by", tcp.closed or "", look))
    return lines


def options_text(options: TcpOptions) -> str:
    """``mss 1460 · sack · timestamps · window scale 7 (ours) 7 (peer's)``."""
    scale = options.window_scale
    scales = (
        None
        if scale is None
        else f"window scale {_shift(scale.ours)} (ours) {_shift(scale.peers)} (peer's)"
    )
    return joined(
        (
            None if options.mss is None else f"mss {options.mss}",
            _agreed("sack", options.sack),
            _agreed("timestamps", options.timestamps),
            scales,
        )
    )


def info_text(info: TcpInfo) -> str:
    """Every field of TCP_INFO that is known and not zero, with its unit."""
    return joined(_field(name, value) for name, value in msgspec.structs.asdict(info).items())


def _attempt(attempt: Attempt, look: Look) -> list[Text]:
    if attempt.transport != "tcp":
        return []
    took = None if attempt.duration_ms is None else f"after {duration(attempt.duration_ms)}"
    words = joined(
        (
            address(attempt.address, attempt.port),
            f"began at {duration(attempt.start_ms)}",
            f"{attempt.outcome} {took or ''}".rstrip(),
            attempt.errno or attempt.error,
        )
    )
    style = "error" if attempt.outcome == "failed" else ""
    return row("connect", words, look, style)


def _field(name: str, value: str | int | bool | None) -> str | None:
    if value is None or value is False or value == 0:
        return None
    if value is True:
        return name
    for suffix, words in sorted(_UNITS.items(), key=lambda item: -len(item[0])):
        if name.endswith(suffix) and isinstance(value, int):
            return f"{name.removesuffix(suffix)} {words(value)}"
    return f"{name.removesuffix('_segments')} {value}"


def _agreed(name: str, value: bool | None) -> str | None:
    return None if value is None else name if value else f"no {name}"


def _shift(value: int | None) -> str:
    return "-" if value is None else str(value)
