"""firstbyte's trace against curl on the same local HTTPS target, run in turn.

    python bench/trace.py            # all three
    python bench/trace.py process    # whole-process time of `firstbyte -q URL` against `curl -s`
    python bench/trace.py phases     # connect, appconnect, starttransfer of both
    python bench/trace.py many       # 1,000 targets at concurrency 100

Loopback only. Medians are printed; on a shared machine quote ratios, not single times.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from local_site import Site, nginx_site

FIRSTBYTE = str(Path(sys.executable).parent / "firstbyte")
RUNS = 20
WRITE_OUT = "%{time_connect} %{time_appconnect} %{time_starttransfer} %{time_total}\\n"
NAMES = ("connect", "appconnect", "starttransfer", "total")


def timed_s(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def verdict(held: bool) -> str:
    return "held" if held else "MISSED"


def process(site: Site) -> None:
    ours = [FIRSTBYTE, "-q", "--cacert", site.ca_file, site.url]
    curl = ["curl", "-s", "--cacert", site.ca_file, site.url]
    pairs = [(timed_s(ours), timed_s(curl)) for _ in range(RUNS + 1)][1:]
    mine = statistics.median(a for a, _ in pairs) * 1e3
    theirs = statistics.median(b for _, b in pairs) * 1e3
    bound = 3.5 * theirs + 150
    print(f"whole process: firstbyte {mine:.0f} ms, curl {theirs:.0f} ms")
    print(f"  bound 3.5 x curl + 150 ms = {bound:.0f} ms: {verdict(mine < bound)}")


def phases(site: Site) -> None:
    ours = [FIRSTBYTE, "-q", "-w", "%{stderr}" + WRITE_OUT]
    curl = ["curl", "-s", "-o", "/dev/null", "-w", "%{stderr}" + WRITE_OUT]
    rows: dict[str, list[list[float]]] = {"firstbyte": [], "curl": []}
    for _ in range(RUNS):
        for name, command in (("firstbyte", ours), ("curl", curl)):
            full = [*command, "--cacert", site.ca_file, site.url]
            done = subprocess.run(full, check=True, capture_output=True, text=True)
            rows[name].append([float(word) * 1e3 for word in done.stderr.split()])
    for column, label in enumerate(NAMES):
        mine, theirs = (statistics.median(row[column] for row in r) for r in rows.values())
        print(f"{label:>14}: firstbyte {mine:6.2f} ms, curl {theirs:6.2f} ms")


def many(site: Site, count: int = 1000, concurrency: int = 100) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as urls:
        urls.write("".join(f"{site.url}{n}\n" for n in range(count)))
        urls.flush()
        command = [FIRSTBYTE, "--jsonl", "--cacert", site.ca_file, "--urls", urls.name]
        command += ["--concurrency", str(concurrency)]
        begin = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True)
        took_s = time.perf_counter() - begin
    ok = sum(json.loads(line)["outcome"]["ok"] for line in done.stdout.splitlines())
    rate = count / took_s
    peak_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{ok} of {count} traces at concurrency {concurrency}: {rate:.0f} a second")
    print(f"  peak memory {peak_mib:.0f} MiB")
    print(f"  bound 150 a second: {verdict(ok == count and rate >= 150)}")


def main() -> None:
    jobs = {"process": process, "phases": phases, "many": many}
    with nginx_site() as site:
        for name in sys.argv[1:] or list(jobs):
            jobs[name](site)


if __name__ == "__main__":
    main()
