"""Plain asyncio programs for the ends."""

import asyncio


async def serve_peers(reader, writer):
    """Tell each client the address that it comes from, for each line."""
    while await reader.readline():
        writer.write(f"{writer.get_extra_info('peername')}\n".encode())
        await writer.drain()
    writer.close()


def answer_with(body):
    """A server's end: ``body`` by HTTP/1.1 for one request, then the end after the client's."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        await reader.read()
        writer.close()

    return answer


async def start_peers():
    return await asyncio.start_server(serve_peers, "0.0.0.0", 80)


async def ask(*pauses_s, host="198.51.100.1", port=80):
    """What the server says after each pause."""
    reader, writer = await asyncio.open_connection(host, port)
    answers = []
    try:
        for pause_s in pauses_s or (0,):
            await asyncio.sleep(pause_s)
            writer.write(b"who am I?\n")
            answers.append((await reader.readline()).decode().strip())
    finally:
        writer.close()
    return answers


class Echo(asyncio.DatagramProtocol):
    def __init__(self):
        self.seen = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.seen.append((data, addr))
        self.transport.sendto(data, addr)


class Inbox(asyncio.DatagramProtocol):
    def __init__(self):
        self.got = asyncio.Queue()
        self.errors = []

    def datagram_received(self, data, addr):
        self.got.put_nowait((data, addr))

    def error_received(self, exc):
        self.errors.append(exc)
