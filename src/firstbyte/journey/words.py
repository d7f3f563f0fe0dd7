"""How numbers are put into evidence."""


def text_ms(us: int) -> str:
    """A time: "12.3 ms", "1020 ms"."""
    return f"{us / 1000:.1f} ms" if us < 100_000 else f"{us / 1000:.0f} ms"


def counted(number: int, noun: str) -> str:
    """A number of things: "1 question", "3 questions"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
