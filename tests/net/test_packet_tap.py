import asyncio
import os
import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.net.packet_tap import Endpoint, Instruction, build_filter, open_packet_tap

V4 = ("192.0.2.1", 40000), ("198.51.100.2", 443)
V6 = ("2001:db8::1", 40000), ("2001:db8::2", 443)


def run_filter(program: list[Instruction], packet: bytes) -> int:
    """Classic BPF as the kernel runs it: a load outside the packet rejects it."""
    a = x = at = 0
    while True:
        code, if_true, if_false, k = program[at]
        at += 1
        width = {0x20: 4, 0x28: 2, 0x30: 1, 0x48: 2}.get(code)
        if width is not None:
            start = k + (x if code == 0x48 else 0)
            if start + width > len(packet):
                return 0
            a = int.from_bytes(packet[start : start + width], "big")
        elif code == 0xB1:
            if k >= len(packet):
                return 0
            x = (packet[k] & 15) * 4
        elif code == 0x54:
            a &= k
        elif code == 0x15:
            at += if_true if a == k else if_false
        elif code == 0x45:
            at += if_true if a & k else if_false
        elif code == 0x06:
            return k
        else:
            raise AssertionError(f"unknown opcode {code:#x}")


def packet(
    source: Endpoint, destination: Endpoint, *, protocol: int = 6, fragment: int = 0, words: int = 5
) -> bytes:
    ports = struct.pack("!HH", source[1], destination[1])
    if ":" in source[0]:
        pair = socket.inet_pton(socket.AF_INET6, source[0]) + socket.inet_pton(
            socket.AF_INET6, destination[0]
        )
        return struct.pack("!IHBB", 6 << 28, 20, protocol, 64) + pair + ports + bytes(16)
    header = struct.pack("!BBHHHBBH", 0x40 | words, 0, 40, 1, fragment, 64, protocol, 0)
    pair = socket.inet_aton(source[0]) + socket.inet_aton(destination[0])
    return header + pair + bytes((words - 5) * 4) + ports + bytes(16)


@pytest.mark.parametrize(("local", "remote"), [V4, V6])
def test_both_directions_pass_and_others_do_not(local: Endpoint, remote: Endpoint) -> None:
    program = build_filter("tcp", local, remote)
    assert run_filter(program, packet(local, remote))
    assert run_filter(program, packet(remote, local))
    assert not run_filter(program, packet(local, (remote[0], 444)))
    assert not run_filter(program, packet((local[0], 40001), remote))
    assert not run_filter(program, packet(local, remote, protocol=17))
    other = "2001:db8::3" if ":" in local[0] else "192.0.2.9"
    assert not run_filter(program, packet((other, local[1]), remote))
    assert not run_filter(program, packet(remote, (other, local[1])))


@pytest.mark.parametrize(("local", "remote", "any_address"), [(*V4, "0.0.0.0"), (*V6, "::")])
def test_an_unspecified_local_address_matches_any(
    local: Endpoint, remote: Endpoint, any_address: str
) -> None:
    program = build_filter("tcp", (any_address, local[1]), remote)
    assert run_filter(program, packet(local, remote))
    assert run_filter(program, packet(remote, local))
    assert not run_filter(program, packet((local[0], 40001), remote))


def test_ipv4_options_and_fragments() -> None:
    program = build_filter("udp", *V4)
    assert run_filter(program, packet(*V4, protocol=17, words=8))
    assert run_filter(program, packet(*V4, protocol=17, fragment=0x2000))
    assert not run_filter(program, packet(*V4, protocol=17, fragment=185))


@given(st.binary(max_size=80))
def test_no_bytes_confuse_the_filter(data: bytes) -> None:
    run_filter(build_filter("tcp", *V4), data)
    run_filter(build_filter("tcp", *V6), data)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="packet capture needs root (CAP_NET_RAW)")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_live_connection_is_captured_alone(host: str) -> None:
    async def main() -> None:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, 0), family=family)
        remote = listener.getsockname()[:2]
        client, stranger = socket.socket(family), socket.socket(family)
        client.bind((host, 0))
        before_ns = asyncio.get_running_loop().time() * 1e9
        tap = open_packet_tap("tcp", client.getsockname()[:2], remote)
        assert tap is not None
        stranger.connect(remote)
        ignored, _ = listener.accept()
        client.connect(remote)
        server, _ = listener.accept()
        server.settimeout(5)
        client.sendall(b"ping")
        assert server.recv(10) == b"ping"
        tap.close()
        kept = tap.packets()
        flags = [p.data[(40 if ":" in host else 20) + 13] for p in kept]
        assert flags[:3] == [0x02, 0x12, 0x10]  # SYN, SYN-ACK, ACK
        assert [p.outgoing for p in kept[:3]] == [True, False, True]
        stamps = [p.at_ns for p in kept]
        assert stamps == sorted(stamps)
        assert before_ns - 1e6 < stamps[0] < asyncio.get_running_loop().time() * 1e9 + 1e6
        assert len(kept) <= 6
        assert tap.dropped == 0
        for sock in (client, stranger, ignored, server, listener):
            sock.close()

    asyncio.run(main())


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="packet capture needs root (CAP_NET_RAW)")
def test_only_so_many_taps_at_once() -> None:
    async def main() -> None:
        taps = [open_packet_tap("tcp", *V4) for _ in range(10)]
        assert [tap is not None for tap in taps] == [True] * 8 + [False] * 2
        for tap in taps:
            if tap is not None:
                tap.close()
                tap.close()
        last = open_packet_tap("tcp", *V4)
        assert last is not None
        last.close()

    asyncio.run(main())
