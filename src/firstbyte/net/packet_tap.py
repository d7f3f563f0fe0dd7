"""A capture of one connection by AF_PACKET (packet(7)), filtered in the kernel by classic BPF.

Needs CAP_NET_RAW; without it ``open_packet_tap`` gives None. Only headers are kept.
"""

import asyncio
import contextlib
import ctypes
import ipaddress
import socket
import struct
import time
from typing import ClassVar, Literal

from firstbyte.net.system import CapturedPacket

_SO_ATTACH_FILTER = 26
_SO_TIMESTAMPNS = 35
_SO_RCVBUFFORCE = 33
_SOL_PACKET = 263
_PACKET_STATISTICS = 6
_PACKET_OUTGOING = 4
_ETH_P_ALL = 3

_SNAP_BYTES = 192
"""Enough for IPv6 with extension headers and a full TCP header."""
_RECEIVE_BUFFER_BYTES = 8 << 20
_DRAIN_LIMIT = 256
_KEEP_LIMIT = 200_000
"""Packets kept in memory for one connection; what comes later counts as dropped."""
_OPEN_LIMIT = 8
"""Taps open at once in this process: each one sees every packet of the machine."""

Endpoint = tuple[str, int]
Instruction = tuple[int, int, int, int]
"""struct sock_filter: opcode, jump if true, jump if false, operand."""

# Classic BPF (linux/filter.h): the opcodes that the filter needs.
_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_LOAD_HALF_AFTER_HEADER = 0x48
_HEADER_LENGTH_TO_X = 0xB1
_AND = 0x54
_JUMP_IF_EQUAL = 0x15
_JUMP_IF_ANY_BIT = 0x45
_RETURN = 0x06

_PROTOCOL_NUMBERS = {"tcp": 6, "udp": 17}


def build_filter(
    protocol: Literal["tcp", "udp"], local: Endpoint, remote: Endpoint
) -> list[Instruction]:
    """A classic BPF program that passes this connection's packets alone, in both directions.

    Offsets count from the IP header, as a SOCK_DGRAM packet socket sees it. Fragments other than
    the first and IPv6 extension headers do not match.
    """
    version6 = ":" in remote[0]
    assembler = _Assembler()
    assembler.expect(_LOAD_BYTE, 0, 0x60 if version6 else 0x40, "reject", mask=0xF0)
    assembler.expect(_LOAD_BYTE, 6 if version6 else 9, _PROTOCOL_NUMBERS[protocol], "reject")
    if not version6:
        assembler.expect_first_fragment("reject")
    _expect_direction(assembler, local, remote, "incoming")
    assembler.accept()
    assembler.label("incoming")
    _expect_direction(assembler, remote, local, "reject")
    assembler.accept()
    assembler.label("reject")
    assembler.reject()
    return assembler.program()


def _expect_direction(
    assembler: "_Assembler", source: Endpoint, destination: Endpoint, otherwise: str
) -> None:
    """Go on for packets from ``source`` to ``destination``, jump to ``otherwise`` for others.

    An unspecified address (all zeros) matches any.
    """
    version6 = ":" in source[0]
    offset = 8 if version6 else 12
    for address in (_packed(source[0]), _packed(destination[0])):
        for start in range(0, len(address), 4):
            word = int.from_bytes(address[start : start + 4], "big")
            if any(address):
                assembler.expect(_LOAD_WORD, offset + start, word, otherwise)
        offset += len(address)
    if version6:
        assembler.expect(_LOAD_HALF, 40, source[1], otherwise)
        assembler.expect(_LOAD_HALF, 42, destination[1], otherwise)
    else:
        assembler.header_length_to_x()
        assembler.expect(_LOAD_HALF_AFTER_HEADER, 0, source[1], otherwise)
        assembler.expect(_LOAD_HALF_AFTER_HEADER, 2, destination[1], otherwise)


class _Assembler:
    """Collects instructions whose jumps name labels, and resolves them at the end."""

    def __init__(self) -> None:
        self._lines: list[tuple[int, str | None, str | None, int]] = []
        self._labels: dict[str, int] = {}

    def expect(
        self, load: int, offset: int, value: int, otherwise: str, mask: int | None = None
    ) -> None:
        """Go on if the field at ``offset`` holds ``value``."""
        self._lines.append((load, None, None, offset))
        if mask is not None:
            self._lines.append((_AND, None, None, mask))
        self._lines.append((_JUMP_IF_EQUAL, None, otherwise, value))

    def expect_first_fragment(self, otherwise: str) -> None:
        """Go on if IPv4's fragment offset is 0: later fragments carry no ports."""
        self._lines.append((_LOAD_HALF, None, None, 6))
        self._lines.append((_JUMP_IF_ANY_BIT, otherwise, None, 0x1FFF))

    def header_length_to_x(self) -> None:
        """Remember the IPv4 header's length for the loads after it."""
        self._lines.append((_HEADER_LENGTH_TO_X, None, None, 0))

    def accept(self) -> None:
        """Keep the packet's first bytes."""
        self._lines.append((_RETURN, None, None, _SNAP_BYTES))

    def reject(self) -> None:
        """Drop the packet."""
        self._lines.append((_RETURN, None, None, 0))

    def label(self, name: str) -> None:
        """Name the next instruction."""
        self._labels[name] = len(self._lines)

    def program(self) -> list[Instruction]:
        """The instructions with jumps as distances."""
        return [
            (code, self._distance(at, if_true), self._distance(at, if_false), value)
            for at, (code, if_true, if_false, value) in enumerate(self._lines)
        ]

    def _distance(self, at: int, label: str | None) -> int:
        return 0 if label is None else self._labels[label] - at - 1


class PacketTap:
    """A running capture; made by ``open_packet_tap``. Drained by the running event loop."""

    open_count: ClassVar[int] = 0

    def __init__(self, sock: socket.socket, remote: Endpoint) -> None:
        self._sock = sock
        self._remote = _packed_endpoint(remote)
        self._version6 = ":" in remote[0]
        self._kept: list[CapturedPacket] = []
        self._overflow = 0
        self._closed = False
        # Stamps are wall-clock time; this is what leads back to the monotonic clock.
        self._to_monotonic_ns = time.monotonic_ns() - time.time_ns()
        self._kernel_dropped = 0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(sock, self._drain)
        PacketTap.open_count += 1

    def packets(self) -> list[CapturedPacket]:
        """What came since the last call, oldest first; never blocks."""
        if not self._closed:
            self._drain()
        kept, self._kept = self._kept, []
        return kept

    @property
    def dropped(self) -> int:
        """Packets that the kernel or we could not keep."""
        return self._kernel_dropped + self._overflow

    def close(self) -> None:
        """Stop; packets that wait in the kernel are still taken."""
        if self._closed:
            return
        self._loop.remove_reader(self._sock)
        while self._drain():
            pass
        self._closed = True
        with contextlib.suppress(OSError):
            statistics = self._sock.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
            self._kernel_dropped = struct.unpack("=II", statistics)[1]
        self._sock.close()
        PacketTap.open_count -= 1

    def _drain(self) -> int:
        for count in range(_DRAIN_LIMIT):
            try:
                data, ancillary, _, sender = self._sock.recvmsg(_SNAP_BYTES, 64)
            except OSError:  # nothing waits, or the interface went away
                return count
            # On loopback every packet is seen twice: as it leaves and as it comes.
            if sender[0] == "lo" and sender[2] == _PACKET_OUTGOING:
                continue
            self._keep(data, _stamp_ns(ancillary))
        return _DRAIN_LIMIT

    def _keep(self, data: bytes, wall_ns: int | None) -> None:
        if len(self._kept) >= _KEEP_LIMIT:
            self._overflow += 1
            return
        at_ns = time.monotonic_ns() if wall_ns is None else wall_ns + self._to_monotonic_ns
        self._kept.append(CapturedPacket(at_ns, self._is_outgoing(data), data))

    def _is_outgoing(self, data: bytes) -> bool:
        """It goes to the peer's address and port."""
        if self._version6:
            return (data[24:40], data[42:44]) == self._remote
        header_bytes = (data[0] & 15) * 4 if data else 20
        return (data[16:20], data[header_bytes + 2 : header_bytes + 4]) == self._remote


def open_packet_tap(
    protocol: Literal["tcp", "udp"], local: Endpoint, remote: Endpoint
) -> PacketTap | None:
    """Begin to capture the packets between two endpoints.

    Args:
        protocol: what runs over IP.
        local: our address, which may be unspecified, and our port (bind before connecting).
        remote: the peer's address and port.

    Returns:
        The tap, or None: no CAP_NET_RAW, no AF_PACKET, or too many taps are open already.

    """
    if PacketTap.open_count >= _OPEN_LIMIT:
        return None
    try:
        sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_ALL))
    except (OSError, AttributeError):
        return None
    try:
        sock.setblocking(False)
        _attach(sock, build_filter(protocol, local, remote))
        sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER_BYTES)
        _forget_what_waits(sock)
        return PacketTap(sock, remote)
    except (OSError, NotImplementedError):
        sock.close()
        return None


def _attach(sock: socket.socket, program: list[Instruction]) -> None:
    code = b"".join(struct.pack("HBBI", *line) for line in program)
    buffer = ctypes.create_string_buffer(code)
    pointer = struct.pack("HP", len(program), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, pointer)


def _forget_what_waits(sock: socket.socket) -> None:
    """Throw away what came before the filter stood; the connection has not begun yet."""
    with contextlib.suppress(BlockingIOError):
        for _ in range(_KEEP_LIMIT):
            sock.recv(1)


def _packed_endpoint(endpoint: Endpoint) -> tuple[bytes, bytes]:
    return _packed(endpoint[0]), endpoint[1].to_bytes(2, "big")


def _packed(address: str) -> bytes:
    return ipaddress.ip_address(address.partition("%")[0]).packed


def _stamp_ns(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return int(seconds * 1_000_000_000 + nanoseconds)
    return None
