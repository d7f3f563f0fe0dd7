"""Numbers as people read them: milliseconds, bytes, round trips."""

_STEPS = ((10**9, "GB"), (10**6, "MB"), (10**3, "kB"))


def decimals_for(total_ms: float) -> int:
    """Digits after the point that suit a page whose longest time is ``total_ms``."""
    return 1 if total_ms >= 20 else 2 if total_ms >= 2 else 3


def milliseconds(value_ms: float, decimals: int | None = None) -> str:
    """``1,234.5``; by default with as many decimals as its size deserves."""
    digits = decimals_for(value_ms) if decimals is None else decimals
    return f"{value_ms:,.{digits}f}"


def duration(value_ms: float) -> str:
    """A time with its unit: ``0.412 ms``, ``31.2 ms``, ``12.3 s``."""
    if value_ms == 0:
        return "0 ms"
    if value_ms >= 10_000:
        return f"{value_ms / 1000:,.1f} s"
    return f"{milliseconds(value_ms)} ms"


def size(count: int) -> str:
    """Bytes in powers of 1000, three digits: ``517 B``, ``14.2 kB``, ``3.40 MB``."""
    for factor, unit in _STEPS:
        if count >= factor:
            value = count / factor
            digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
            return f"{value:.{digits}f} {unit}"
    return f"{count} B"


def exact_size(count: int) -> str:
    """Bytes to the last one: ``1,627 B``."""
    return f"{count:,} B"


def trips(count: float | None) -> str:
    """Round trips: ``2``, ``1.5``, and nothing when they are not known."""
    return "" if count is None else f"{count:g}"


def plural(count: int, noun: str) -> str:
    """``1 question``, ``3 questions``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
