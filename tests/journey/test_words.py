import pytest

from firstbyte.journey.words import counted, text_ms


@pytest.mark.parametrize(
    ("us", "text"), [(0, "0.0 ms"), (1_250, "1.2 ms"), (99_999, "100.0 ms"), (1_020_400, "1020 ms")]
)
def test_times(us: int, text: str) -> None:
    assert text_ms(us) == text


def test_counts() -> None:
    assert [counted(n, "question") for n in (0, 1, 2)] == [
        "0 questions",
        "1 question",
        "2 questions",
    ]
