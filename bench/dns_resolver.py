"""The resolver daemon against unbound, on one signed or unsigned tree that BIND serves.

Prints answers per second of wall clock and of the server's own CPU time, for cached names and for
names that nobody asked for before, and for cached ones also what a bare Python echo reaches. Then
the resident memory that cold names cost each resolver, and its answer in octets beside it.
All is on loopback, and the clients share the machine with the servers, so compare the columns, not
other machines. With --workers both resolvers have so many processes or threads.

Usage: python bench/dns_resolver.py [--signed] [--seconds 3] [--workers 1] [--names 20000]
"""

import argparse
import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.message

WINDOW = 100
CLIENTS = 16
"""Sockets that ask: the kernel spreads them over the workers of one port."""
ROOT = """$TTL 3600
@ SOA ns. admin. 1 2 3 4 300
@ NS ns.
ns. A 127.0.0.1
bench. NS ns.bench.
ns.bench. A 127.0.0.1
"""
BENCH = """$TTL 3600
@ SOA ns admin 1 2 3 4 300
@ NS ns
ns A 127.0.0.1
"""
ECHO = Path(__file__).with_name("udp_echo.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(pid: int) -> list[int]:
    """A process and its children: workers."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def tree(place: Path, signed: bool, names: int) -> str | None:
    """The zones as files; the root's DS where they are signed."""
    hosts = "".join(f"n{number} A 192.0.2.{number % 250}\n" for number in range(names))
    (place / "root").write_text(ROOT)
    (place / "bench").write_text(BENCH + hosts)
    if not signed:
        return None
    for zone, name in (("bench.", "bench"), (".", "root")):
        if name == "root":
            ds = next(place.glob("dsset-bench*")).read_text()
            (place / "root").write_text(ROOT + ds)
        call = ["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", place, zone]
        key = subprocess.run(call, check=True, capture_output=True, text=True).stdout.strip()
        with (place / name).open("a") as file:
            file.write((place / f"{key}.key").read_text())
        call = ["dnssec-signzone", "-q", "-z", "-S", "-K", place, "-d", place, "-o", zone]
        output = ["-f", place / f"{name}.signed", place / name]
        subprocess.run([*call, *output], check=True, capture_output=True)
        (place / f"{name}.signed").rename(place / name)
    return next(path for path in place.glob("dsset-*") if "bench" not in path.name).read_text()


@contextlib.contextmanager
def process(call: list[object], port: int) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        [str(item) for item in call], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            wait_for(port)
            yield running
        finally:
            running.terminate()


def wait_for(port: int) -> None:
    query = dns.message.make_query("localhost.", "A").to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(0.2)
        sock.connect(("127.0.0.1", port))
        for _ in range(100):
            with contextlib.suppress(OSError):
                sock.send(query)
                sock.recv(4096)
                return
            time.sleep(0.05)
    raise SystemExit(f"nothing answers on port {port}")


def blast(port: int, names: Iterator[str], seconds: float) -> int:
    """Answers that came in time, with a window of questions under way."""
    with contextlib.ExitStack() as stack:
        clients = []
        for _ in range(CLIENTS):
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
            sock.settimeout(0.5)
            sock.connect(("127.0.0.1", port))
            clients.append(sock)
        return exchange(clients, map(question, itertools.count(), names), seconds)


def exchange(clients: list[socket.socket], questions: Iterator[bytes], seconds: float) -> int:
    """Keep each client's share of the window under way, the clients in turn."""
    answered = 0
    under_way = dict.fromkeys(clients, 0)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for client in clients:
            while under_way[client] < WINDOW // CLIENTS:
                data = next(questions, None)
                if data is None:
                    break
                client.send(data)
                under_way[client] += 1
        if not any(under_way.values()):
            break
        for client in clients:
            if under_way[client]:
                try:
                    answered += client.recv(4096)[3] & 15 == 0
                    under_way[client] -= 1
                except TimeoutError:
                    under_way[client] = 0
    return answered


TEMPLATE = dns.message.make_query("x.", "A", want_dnssec=True, payload=1232).to_wire()


def question(number: int, name: str) -> bytes:
    labels = name.rstrip(".").split(".")
    wire = b"".join(bytes((len(label),)) + label.encode() for label in labels)
    return (number & 0xFFFF).to_bytes(2, "big") + TEMPLATE[2:12] + wire + b"\0" + TEMPLATE[15:]


def measure(label: str, pid: int, port: int, options: argparse.Namespace) -> None:
    rows: dict[str, Callable[[], Iterator[str]]] = {
        "cold": lambda: (f"n{number}.bench." for number in range(options.names)),
        "cached": lambda: itertools.repeat("n1.bench."),
    }
    if label == "echo":
        del rows["cold"]
    for kind, make in rows.items():
        pids = family(pid)
        before, wall = [cpu_s(each) for each in pids], time.monotonic()
        memory = sum(map(resident_bytes, pids))
        count = blast(port, make(), options.seconds)
        wall = time.monotonic() - wall
        each_s = [cpu_s(each) - old for each, old in zip(pids, before, strict=True)]
        memory = sum(map(resident_bytes, pids)) - memory
        line = f"{label:10} {kind:7} {count / wall:9.0f}/s"
        line += f"  {count / max(sum(each_s), 1e-3):9.0f}/CPU s"
        if options.workers > 1:
            line += "  busy " + " ".join(f"{used_s / wall:4.0%}" for used_s in each_s)
        if kind == "cold":
            line += f"  {memory / max(count, 1):6.0f} B a name, {count} names"
        print(line, flush=True)


def configurations(
    place: Path, server: int, port: int, ds: str | None, workers: int
) -> dict[str, list[object]]:
    (place / "hints").write_text(". NS ns.\nns. A 127.0.0.1\n")
    anchor = f'trust-anchor-file: "{place}/anchor"' if ds else ""
    (place / "anchor").write_text(ds or "")
    modules = "validator iterator" if ds else "iterator"
    (place / "unbound.conf").write_text(
        f"""server:
 interface: 127.0.0.1@{port}
 chroot: ""
 username: ""
 pidfile: ""
 directory: "{place}"
 use-syslog: no
 do-ip6: no
 num-threads: {workers}
 msg-cache-size: 256m
 rrset-cache-size: 256m
 do-not-query-localhost: no
 qname-minimisation: no
 module-config: "{modules}"
 {anchor}
stub-zone:
 name: "."
 stub-addr: 127.0.0.1@{server}
"""
    )
    (place / "firstbyte.toml").write_text(
        f"""listen = "127.0.0.1:{port}"
root_hints = [["ns.", "127.0.0.1"]]
address_map = {{ "127.0.0.1:53" = "127.0.0.1:{server}" }}
do_not_query_localhost = false
qname_minimisation = "off"
ipv6 = false
send_ta_signal = false
priming = false
validate = {"true" if ds else "false"}
workers = {workers}
{f'trust_anchor_file = "{place}/anchor"' if ds else ""}
"""
    )
    return {
        "firstbyte": [
            sys.executable,
            "-m",
            "firstbyte",
            "dns",
            "serve",
            "--config",
            place / "firstbyte.toml",
        ],
        "echo": [sys.executable, ECHO, port],
        "unbound": ["unbound", "-d", "-c", place / "unbound.conf"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--signed", action="store_true")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--names", type=int, default=20000)
    options = parser.parse_args()
    for tool in ("named", "unbound", "dnssec-signzone"):
        if shutil.which(tool) is None:
            raise SystemExit(f"{tool} is not installed")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        ds = tree(place, options.signed, options.names)
        server, port = free_port(), free_port()
        zones = ((".", "root"), ("bench.", "bench"))
        (place / "named.conf").write_text(
            f'options {{ directory "{place}"; recursion no; listen-on port {server} '
            f"{{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; pid-file none; minimal-responses yes; "
            f"session-keyfile none; dnssec-validation no; }};\ncontrols {{ }};\n"
            + "".join(
                f'zone "{zone}" {{ type primary; file "{file}"; }};\n' for zone, file in zones
            )
        )
        with process(["named", "-f", "-n", "1", "-c", place / "named.conf"], server):
            calls = configurations(place, server, port, ds, options.workers)
            for label, call in calls.items():
                with process(call, port) as running:
                    measure(label, running.pid, port, options)


if __name__ == "__main__":
    main()
