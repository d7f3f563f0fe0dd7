"""Runs the targets, each for its share of the time; prints what fell and how to see it again."""

import argparse
import random
import sys
import time
import traceback

from fuzz.mutation import mutate
from fuzz.target import Target
from fuzz.targets import ALL

SLOW_S = 2.0
"""One input that takes longer is a finding, too."""


def main() -> int:
    """Fuzz; the exit code is 1 when anything fell."""
    wanted = _arguments()
    targets = [one for one in ALL if any(word in one.name for word in wanted.targets or [""])]
    fallen = sum(_fuzz(one, wanted.seed, wanted.seconds) for one in targets)
    print(f"{len(targets)} targets, {fallen} fallen")
    return 1 if fallen or not targets else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", help="parts of names; default: all")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each target")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the randomness")
    return parser.parse_args()


def _fuzz(target: Target, seed: int, seconds: float) -> bool:
    """Run one target; tell whether it fell."""
    chance = random.Random(f"{seed} {target.name}")
    end, count = time.monotonic() + seconds, 0
    inputs = iter(target.seeds)
    while time.monotonic() < end:
        data = next(inputs, None)
        data = mutate(target.seeds, chance) if data is None else data
        count += 1
        begin = time.monotonic()
        try:
            target.run(data)
        except target.allowed:
            pass
        except Exception:
            return _report(target, data, seed, count, traceback.format_exc())
        took_s = time.monotonic() - begin
        if took_s > SLOW_S:
            return _report(target, data, seed, count, f"took {took_s:.1f} s\n")
    print(f"{target.name:24} {count:8} inputs")
    return False


def _report(target: Target, data: bytes, seed: int, count: int, why: str) -> bool:
    print(f"{target.name:24} FELL at input {count} of seed {seed}:\n{why}{data[:2000]!r}")
    return True


if __name__ == "__main__":
    sys.exit(main())
