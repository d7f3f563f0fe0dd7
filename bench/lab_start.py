"""How long the default world takes to be there, and commands in it; whole processes.

    python bench/lab_start.py [NAME ...]

CPU time (user and system) and wall time, best and median of fifteen. A shared machine makes the
wall time longer and the CPU time a little; the best CPU time is what the code costs. "world" is
importing, building and starting; "trace" is the whole of ``firstbyte --lab -q``.
"""

import os
import statistics
import subprocess
import sys
import time

RUNS = 15
WORLD = "from firstbyte.lab.worlds import build_world\nwith build_world(): pass"
COMMANDS = {
    "version": ["--version"],
    "help": ["--help"],
    "lab": ["lab"],
    "lab show": ["lab", "show"],
    "trace": ["--lab", "-q"],
    "dns": ["--lab", "dns", "shop.example"],
}
FIRSTBYTE = [sys.executable, "-m", "firstbyte"]
JOBS = {
    "python alone": [sys.executable, "-c", "pass"],
    "world": [sys.executable, "-c", WORLD],
} | {name: [*FIRSTBYTE, *words] for name, words in COMMANDS.items()}


def spent_s(command: list[str]) -> tuple[float, float]:
    """The process's CPU time and its wall time."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return usage.ru_utime + usage.ru_stime, time.perf_counter() - begin


def main() -> None:
    for name in sys.argv[1:] or JOBS:
        cpu, wall = zip(*(spent_s(JOBS[name]) for _ in range(RUNS)), strict=True)
        shown = [
            f"best {min(one):.3f} s, median {statistics.median(one):.3f} s" for one in (cpu, wall)
        ]
        print(f"{name:12}  CPU time {shown[0]}; wall time {shown[1]}")


if __name__ == "__main__":
    main()
