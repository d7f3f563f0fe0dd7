"""tshark's own TCP analysis of our connections: it must see what we say happened."""

import random
import shutil
import subprocess
from pathlib import Path

import pytest

from firstbyte.protocols.ip import Packet, encode
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.packet import TCP
from firstbyte.protocols.ip.pcapng import RAW_IP, PcapngWriter
from firstbyte.protocols.tcp.segment import Segment
from testbed.tcp_pair import Pair

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed"),
]
HOSTS = ("10.0.0.1", "10.0.0.2")


def flags(pair: Pair, path: Path) -> list[tuple[int, str]]:
    """(packet number, analysis) for every packet that tshark remarks on."""
    writer = PcapngWriter()
    number = writer.add_interface("a", RAW_IP)
    for ms, end, segment in pair.log:
        header = Ipv4(HOSTS[end], HOSTS[1 - end], TCP)
        writer.add_packet(number, int(ms * 1e6), encode(Packet(header, segment)))
    path.write_bytes(writer.take())
    options = ["-o", "tcp.check_checksum:TRUE", "-o", "tcp.relative_sequence_numbers:TRUE"]
    shown = ["-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"]
    wanted = ["-Y", "tcp.analysis.flags or tcp.checksum.status == 0 or _ws.malformed"]
    command = ["tshark", "-r", str(path), *options, *wanted, *shown]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=True)
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    return [(int(row[0]), row[1]) for row in rows]


def test_nothing_to_remark_on_a_good_link(tmp_path: Path) -> None:
    pair = Pair((bytes(300_000), b"x")).run()
    assert flags(pair, tmp_path / "good.pcapng") == []


def test_every_retransmission_is_seen_as_one(tmp_path: Path) -> None:
    rng = random.Random(3)

    def fate(_number: int, _segment: Segment) -> list[float]:
        return [] if rng.random() < 0.05 else [10.0]

    pair = Pair((bytes(300_000), b"x"), fate).run()
    ours = {n for n, (_, _, s) in enumerate(pair.log, 1) if s.retransmission}
    seen = {n for n, text in flags(pair, tmp_path / "lossy.pcapng") if "retransmission" in text}
    assert len(ours) > 5
    assert seen == ours
