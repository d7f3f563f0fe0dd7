from hypothesis import given
from hypothesis import strategies as st

from firstbyte.net.merging import ReadMerger


def merge(reads: list[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    out: list[tuple[int, int, int, int]] = []
    merger = ReadMerger(lambda *burst: out.append(burst))
    for count, at_ns in reads:
        merger.add(count, at_ns)
    merger.flush()
    merger.flush()
    return out


def test_reads_within_a_millisecond_are_one_burst() -> None:
    assert merge([(10, 0), (20, 500_000), (5, 1_000_000), (7, 1_000_001)]) == [
        (35, 3, 0, 1_000_000),
        (7, 1, 1_000_001, 0),
    ]


@given(st.lists(st.tuples(st.integers(1, 1 << 20), st.integers(0, 10**10)), max_size=50))
def test_nothing_is_lost(reads: list[tuple[int, int]]) -> None:
    reads.sort(key=lambda read: read[1])
    bursts = merge(reads)
    assert sum(b[0] for b in bursts) == sum(r[0] for r in reads)
    assert sum(b[1] for b in bursts) == len(reads)


def test_a_trickle_of_a_day_stays_small() -> None:
    assert len(merge([(1, second * 10**9) for second in range(86_400)])) < 20_000
