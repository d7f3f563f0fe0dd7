"""A bare UDP echo with a drain loop: what Python can answer when it does nothing else.

Usage: python bench/udp_echo.py PORT (dns_resolver.py starts it)
"""

import asyncio
import contextlib
import socket
import sys

BATCH = 64


async def main(port: int) -> None:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.bind(("127.0.0.1", port))

    def drain() -> None:
        with contextlib.suppress(BlockingIOError):
            for _ in range(BATCH):
                data, client = sock.recvfrom(4096)
                sock.sendto(data, client)

    asyncio.get_running_loop().add_reader(sock, drain)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
