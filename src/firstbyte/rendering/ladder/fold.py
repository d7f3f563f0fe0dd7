"""Long transfers on one line: runs of bulk steps become "… 42 segments, 58.4 kB"."""

from collections.abc import Iterator

import msgspec

from firstbyte.rendering.ladder.steps import Script, Step
from firstbyte.rendering.units import duration, plural, size

SHORTEST_RUN = 3
"""Shorter runs of packets carry a message that is shown anyway, and are left out."""


def fold(script: Script) -> Script:
    """Merge each run of bulk steps of one connection; what stands between runs is kept."""
    folded: list[Step] = []
    for run in _runs(script.steps):
        if not run[0].bulk:
            folded.append(run[0])
        else:
            folded.extend(_merged(run))
    return msgspec.structs.replace(script, steps=folded)


def _runs(steps: list[Step]) -> Iterator[list[Step]]:
    run: list[Step] = []
    for step in steps:
        if run and run[0].bulk and step.bulk and step.connection == run[0].connection:
            run.append(step)
            continue
        if run:
            yield run
        run = [step]
    if run:
        yield run


def _merged(run: list[Step]) -> list[Step]:
    """One line for each direction that carried content, larger first; none for a short run."""
    lines = [_one(run, sent=sent) for sent in (False, True)]
    return sorted((line for line in lines if line is not None), key=lambda line: -line.size_bytes)


def _one(run: list[Step], *, sent: bool) -> Step | None:
    ours = [step for step in run if step.sent is sent and step.size_bytes]
    count = sum(step.count for step in ours)
    total = sum(step.size_bytes for step in ours)
    if not ours or (count < SHORTEST_RUN and ours[0].noun != "read"):
        return None
    if len(ours) == 1 and count == 1:
        return ours[0]
    label = f"… {plural(count, ours[0].noun)}, {size(total)}"
    if run[-1].at_ms > run[0].at_ms:
        label += f" in {duration(ours[-1].at_ms - ours[0].at_ms)}"
    return msgspec.structs.replace(
        ours[0], label=label, end_ms=ours[-1].at_ms, size_bytes=total, count=count
    )
