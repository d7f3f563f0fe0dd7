"""Ports that nobody else has.

Those for peers, which must be told theirs before they start, lie below the range from which the
kernel takes ports for outgoing connections, so that none of these takes the port before the peer
does. Servers of our own bind port 0 instead.
"""

import contextlib
import random
import socket


def free_port(host: str = "127.0.0.1") -> int:
    """A port that was free for both TCP and UDP a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    numbers = random.SystemRandom()
    for _ in range(200):
        port = numbers.randrange(12_000, 32_000)
        with (
            contextlib.suppress(OSError),
            socket.socket(family, socket.SOCK_STREAM) as tcp,
            socket.socket(family, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((host, port))
            udp.bind((host, port))
            return port
    raise OSError("no port is free for both TCP and UDP")


def free_ports(count: int) -> list[int]:
    """As many different ports."""
    ports: set[int] = set()
    while len(ports) < count:
        ports.add(free_port())
    return list(ports)


def bind_pair(host: str) -> tuple[socket.socket, socket.socket]:
    """A UDP and a TCP socket, bound to the same free port.

    The number that the kernel gives for UDP may be that of a TCP connection under way: try again.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(50):
        udp = socket.socket(family, socket.SOCK_DGRAM)
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        udp.bind((host, 0))
        tcp = socket.socket(family, socket.SOCK_STREAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tcp.bind((host, udp.getsockname()[1]))
        except OSError:
            udp.close()
            tcp.close()
            continue
        return udp, tcp
    raise OSError("no port is free for both UDP and TCP")
