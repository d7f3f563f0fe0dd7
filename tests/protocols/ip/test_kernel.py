"""The stack against Linux's own, over a TUN device: both directions, refusals, datagrams."""

import fcntl
import hashlib
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from firstbyte.protocols.ip import decode, encode
from firstbyte.protocols.ip.host import Host
from firstbyte.protocols.ip.notify import ACCEPTABLE, CONNECTED, WRITABLE
from firstbyte.protocols.tcp.states import State

pytestmark = [pytest.mark.root, pytest.mark.interop]

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000
SUBNET = f"10.{os.getpid() // 256 % 128 + 64}.{os.getpid() % 256}"
KERNEL, OURS = f"{SUBNET}.1", f"{SUBNET}.2"
DATA = hashlib.shake_128(b"firstbyte").digest(2_000_000)


class Tun:
    """A host of ours behind a TUN device. ``on_news`` is the user of its sockets."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.host = Host("ours", secret=os.urandom(16))
        self.host.add_interface("tun0")
        self.host.add_address("tun0", OURS, 24)

    def run(self, until: Callable[[], bool], on_news: Callable[[object, int], None]) -> None:
        end = time.monotonic() + 30
        while not until():
            assert time.monotonic() < end, "the kernel and we do not agree"
            polled = self.host.poll(time.monotonic_ns())
            for out in polled.outgoing:
                os.write(self.descriptor, encode(out.packet))
            for source, bits in polled.news:
                on_news(source, bits)
            if not polled.news and select.select([self.descriptor], [], [], 0.01)[0]:
                data = os.read(self.descriptor, 70_000)
                self.host.receive("tun0", decode(data), time.monotonic_ns())


@pytest.fixture
def tun() -> Iterator[Tun]:
    name = f"fb{os.getpid()}"
    try:
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(descriptor, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
        for command in (f"addr add {KERNEL}/24 dev {name}", f"link set {name} up"):
            subprocess.run(["ip", *command.split()], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no TUN device: {error}")
    yield Tun(descriptor)
    os.close(descriptor)


@pytest.fixture
def kernel() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as pool:
        yield pool


def read_all(peer: socket.socket) -> bytes:
    return b"".join(iter(lambda: peer.recv(65536), b""))


def test_the_kernel_sends_to_us(tun: Tun, kernel: ThreadPoolExecutor) -> None:
    listener = tun.host.tcp_listen(OURS, 80)
    got = bytearray()

    def client() -> bytes:
        with socket.create_connection((OURS, 80), timeout=20) as peer:
            peer.sendall(DATA)
            peer.shutdown(socket.SHUT_WR)
            return read_all(peer)

    def on_news(source, bits: int) -> None:
        if bits & ACCEPTABLE:
            listener.accept()
        elif source is not listener:
            got.extend(source.connection.read())
            if source.at_eof and source.state is State.CLOSE_WAIT:
                source.write(b"thanks")
                source.close(time.monotonic_ns())

    answer: Future[bytes] = kernel.submit(client)
    tun.run(answer.done, on_news)
    assert answer.result() == b"thanks"
    assert bytes(got) == DATA


def test_we_send_to_the_kernel(tun: Tun, kernel: ThreadPoolExecutor) -> None:
    server = socket.create_server((KERNEL, 0))
    server.settimeout(20)

    def serve() -> bytes:
        with server, server.accept()[0] as peer:
            data = read_all(peer)
            peer.sendall(b"thanks")
            return data

    received: Future[bytes] = kernel.submit(serve)
    client = tun.host.tcp_connect(server.getsockname(), time.monotonic_ns())
    left = memoryview(DATA)

    def on_news(_source, bits: int) -> None:
        nonlocal left
        if bits & (CONNECTED | WRITABLE) and left:
            left = left[client.write(left) :]
            if not left:
                client.shutdown(time.monotonic_ns())

    tun.run(lambda: received.done() and client.readable_bytes == 6, on_news)
    assert received.result() == DATA
    info = client.info()
    assert info.sack
    assert info.timestamps
    assert info.window_scaling


def test_refusals_are_understood_by_both(tun: Tun, kernel: ThreadPoolExecutor) -> None:
    def attempts() -> list[int | None]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.settimeout(10)
            udp.connect((OURS, 9))
            udp.send(b"anybody?")
            codes = [_errno(lambda: udp.recv(1))]
        return [*codes, _errno(lambda: socket.create_connection((OURS, 9), timeout=10))]

    codes: Future[list[int | None]] = kernel.submit(attempts)
    with socket.socket() as closed:
        closed.bind((KERNEL, 0))
        refused = tun.host.tcp_connect(closed.getsockname(), time.monotonic_ns())
        tun.run(lambda: codes.done() and refused.error is not None, lambda _s, _b: None)
    assert codes.result() == [111, 111]
    assert refused.error == "ECONNREFUSED"


def _errno(call: Callable[[], object]) -> int | None:
    try:
        call()
    except OSError as error:
        return error.errno
    return None


def test_ping_the_kernel(tun: Tun) -> None:
    ping = tun.host.ping_open()
    ping.send(KERNEL, 1, bytes(4000), time.monotonic_ns())
    tun.run(lambda: bool(ping.queue), lambda _s, _b: None)
    pong = ping.receive()
    assert pong.message.body == bytes(4000), "in fragments there and back"
