"""The capture writer, read back by tshark."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firstbyte.protocols.ip import Packet, encode
from firstbyte.protocols.ip.extensions import DestinationOptions, HopByHop
from firstbyte.protocols.ip.icmpv4 import echo
from firstbyte.protocols.ip.icmpv6 import echo as echo6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.ipv6 import Ipv6
from firstbyte.protocols.ip.ndp import Solicitation, encode_solicitation
from firstbyte.protocols.ip.packet import ICMPV4, ICMPV6, TCP, UDP
from firstbyte.protocols.ip.pcapng import RAW_IP, PcapngWriter
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import ACK, SYN, Segment

SYN_OPTIONS = TcpOptions(
    mss=1460, window_scale=7, sack_permitted=True, timestamp=(5, 0), fast_open_cookie=b""
)
V4 = ("192.0.2.1", "198.51.100.2")
V6 = ("2001:db8::1", "2001:db8::2")
PACKETS = [
    Packet(Ipv4(*V4, TCP), Segment(40000, 80, 7, 0, SYN, 64240, b"", SYN_OPTIONS)),
    Packet(
        Ipv6(*V6, TCP),
        Segment(
            40000,
            80,
            7,
            9,
            ACK,
            100,
            b"odd",
            TcpOptions(timestamp=(5, 6), sack_blocks=((11, 12), (13, 15))),
        ),
    ),
    Packet(Ipv4(*V4, UDP), Datagram(4000, 4001, b"hello")),
    Packet(
        Ipv6(
            *V6, UDP, extensions=(HopByHop(((5, b"\0\0"),)), DestinationOptions(((1 << 5, b"x"),)))
        ),
        Datagram(4000, 4001, b"hello"),
    ),
    Packet(Ipv4(*V4, ICMPV4, options=((148, b"\0\0"),)), echo(1, 2, b"ping")),
    Packet(Ipv6(*V6, ICMPV6), echo6(1, 2, b"ping")),
    Packet(Ipv6(*V6, ICMPV6, 255), encode_solicitation(Solicitation(V6[1], bytes(6)))),
]
CHECKS = ("ip", "tcp", "udp")


def test_blocks_are_whole_words_with_their_length_at_both_ends() -> None:
    writer = PcapngWriter(comment="test")
    number = writer.add_interface("eth0", RAW_IP)
    writer.add_packet(number, 1, b"12345", comment="né", direction="sent", original_bytes=9)
    data = writer.take()
    assert writer.take() == b""
    offset = blocks = 0
    while offset < len(data):
        length = int.from_bytes(data[offset + 4 : offset + 8], "little")
        assert length % 4 == 0
        assert int.from_bytes(data[offset + length - 4 : offset + length], "little") == length
        offset, blocks = offset + length, blocks + 1
    assert (offset, blocks) == (len(data), 3)


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_agrees_with_every_header_and_checksum(tmp_path: Path) -> None:
    writer = PcapngWriter()
    number = writer.add_interface("eth0", RAW_IP)
    writer.add_secrets("CLIENT_RANDOM " + "00" * 32 + " " + "11" * 48 + "\n")
    for at, packet in enumerate(PACKETS):
        writer.add_packet(number, at * 1_000_000_001, encode(packet), comment=f"packet {at}")
    path = tmp_path / "all.pcapng"
    path.write_bytes(writer.take())
    fields = (
        "frame.interface_name",
        "frame.time_epoch",
        "pkt_comment",
        "ip.checksum.status",
        "tcp.checksum.status",
        "udp.checksum.status",
        "icmp.checksum.status",
        "icmpv6.checksum.status",
        "_ws.malformed",
    )
    command = ["tshark", "-r", str(path), "-T", "fields", "-E", "separator=|"]
    for layer in CHECKS:
        command += ["-o", f"{layer}.check_checksum:TRUE"]
    for field in fields:
        command += ["-e", field if field != "pkt_comment" else "frame.comment"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|") for line in done.stdout.splitlines()]
    assert len(rows) == len(PACKETS)
    for at, row in enumerate(rows):
        assert row[0] == "eth0"
        assert row[2] == f"packet {at}"
        statuses = [value for cell in row[3:8] for value in cell.split(",") if value]
        assert statuses
        assert set(statuses) <= {"1", "Good"}, (at, row)
        assert row[8] == ""
    assert "1.000000001" in rows[1][1] or rows[1][1].endswith(":01.000000001Z")
