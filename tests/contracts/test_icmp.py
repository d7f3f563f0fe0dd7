"""What programs learn by ICMP: pending errors, the error queue, MTUs, pings."""

import asyncio
import errno
import socket
import struct

import pytest

IP_RECVERR, IP_MTU = 11, 14


def datagrams(proto=0):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM, proto)
    sock.setblocking(False)
    return sock


async def closed_port(network):
    """A port of the server's that nobody has."""

    async def find():
        with datagrams() as sock:
            sock.bind((network.server, 0))
            return sock.getsockname()[1]

    return await network.at_server(find())


async def readable(sock):
    """Until there is an answer or an error."""
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(sock, ready.set_result, None)
    try:
        async with asyncio.timeout(5):
            await ready
    finally:
        loop.remove_reader(sock)


def test_the_error_queue_tells_who_refused_what(network):
    async def scenario(network):
        target = (network.server, await closed_port(network))
        with datagrams() as sock:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)
            with pytest.raises(BlockingIOError):
                sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)
            sock.sendto(b"anybody?", target)
            await readable(sock)
            with pytest.raises(ConnectionRefusedError):
                sock.recv(100)
            data, ((level, kind, told),), flags, about = sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)
            assert (data, about, flags) == (b"anybody?", target, socket.MSG_ERRQUEUE)
            assert (level, kind) == (socket.IPPROTO_IP, IP_RECVERR)
            # ECONNREFUSED, from ICMP: unreachable, port; no MTU; and who said it.
            assert struct.unpack_from("=IBBBBII", told) == (errno.ECONNREFUSED, 2, 3, 3, 0, 0, 0)
            assert socket.inet_ntoa(told[20:24]) == network.server
            assert len(told) == 32
            with pytest.raises(BlockingIOError):
                sock.recvmsg(100, 512, socket.MSG_ERRQUEUE)

    network.run(scenario)


def test_an_unconnected_socket_hears_of_no_error(network):
    async def scenario(network):
        target = (network.server, await closed_port(network))
        with datagrams() as sock, datagrams() as connected:
            sock.sendto(b"anybody?", target)
            connected.connect(target)
            connected.send(b"anybody?")
            await readable(connected)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
            refused = connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            assert refused == errno.ECONNREFUSED
            assert connected.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0

    network.run(scenario)


def test_the_paths_mtu_needs_a_peer(network):
    async def scenario(network):
        with datagrams() as sock:
            with pytest.raises(OSError, match="not connected") as caught:
                sock.getsockopt(socket.IPPROTO_IP, IP_MTU)
            assert caught.value.errno == errno.ENOTCONN
            sock.connect((network.server, 9))
            expected = 65_535 if network.server == "127.0.0.1" else 1500
            assert sock.getsockopt(socket.IPPROTO_IP, IP_MTU) == expected

    network.run(scenario)


def test_a_ping_is_answered(network):
    async def scenario(network):
        try:
            sock = datagrams(socket.IPPROTO_ICMP)
        except PermissionError:
            pytest.skip("net.ipv4.ping_group_range allows no ping sockets here")
        with sock:
            request = struct.pack("!BBHHH", 8, 0, 0, 0, 7) + b"payload"
            with pytest.raises(OSError, match="Invalid argument"):
                sock.sendto(b"\0" + request[1:], (network.server, 0))
            assert sock.sendto(request, (network.server, 0)) == len(request)
            await readable(sock)
            data, sender = sock.recvfrom(100)
            kind, code, _, number, sequence = struct.unpack_from("!BBHHH", data)
            assert (kind, code, sequence, data[8:]) == (0, 0, 7, b"payload")
            assert number == sock.getsockname()[1]
            assert sender == (network.server, 0)

    network.run(scenario)
