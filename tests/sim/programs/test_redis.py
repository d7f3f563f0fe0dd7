"""redis-py's asyncio client against a toy server."""

import asyncio

import redis.asyncio


async def toy(reader, writer):
    store = {}
    while header := await reader.readline():
        words = []
        for _ in range(int(header[1:])):
            length = int((await reader.readline())[1:])
            words.append((await reader.readexactly(length + 2))[:-2])
        writer.write(answer(store, words))
        await writer.drain()
    writer.close()


def answer(store, words):
    command = words[0].upper()
    if command == b"SET":
        store[words[1]] = words[2]
        return b"+OK\r\n"
    if command == b"GET":
        value = store.get(words[1])
        return b"$-1\r\n" if value is None else b"$%d\r\n%s\r\n" % (len(value), value)
    if command == b"HELLO":
        return b"-ERR unknown command\r\n"
    return b"+OK\r\n"


def test_set_and_get(pair):
    async def use():
        client = redis.asyncio.Redis(host="server.example", port=6379, protocol=2)
        await client.set("a", "1")
        values = await client.get("a"), await client.get("b")
        await client.aclose()
        return values

    pair.server.run(asyncio.start_server(toy, "0.0.0.0", 6379))
    assert pair.run(use()) == (b"1", None)
