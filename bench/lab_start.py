"""How long the default world takes to be there, and a trace in it; whole processes.

    python bench/lab_start.py

Best and median of ten; on a shared machine look at the best. "world" is importing, building and
starting; "trace" is the whole of ``firstbyte --lab -q``.
"""

import statistics
import subprocess
import sys
import time

RUNS = 10
JOBS = {
    "python alone": [sys.executable, "-c", "pass"],
    "world": [
        sys.executable,
        "-c",
        "from firstbyte.lab.worlds import build_world\nwith build_world(): pass",
    ],
    "trace": [sys.executable, "-m", "firstbyte", "--lab", "-q"],
}


def timed_s(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    for name, command in JOBS.items():
        times = [timed_s(command) for _ in range(RUNS)]
        print(f"{name:14} best {min(times):.3f} s, median {statistics.median(times):.3f} s")


if __name__ == "__main__":
    main()
