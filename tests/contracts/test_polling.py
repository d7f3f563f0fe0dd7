"""``select``, ``poll``, ``epoll`` and ``selectors``: the same on both networks."""

import asyncio
import contextlib
import errno
import os
import select
import selectors
import socket
import struct
import subprocess

import pytest

from contracts.test_socket_calls import connected, listen, tcp

ALL = select.POLLIN | select.POLLOUT | select.POLLRDHUP | select.POLLPRI
IN_OUT = select.POLLIN | select.POLLOUT
SOON_S = 0.05


def told(sock):
    """What poll tells at once; the others tell the same."""
    poll, epoll = select.poll(), select.epoll()
    poll.register(sock, ALL)
    epoll.register(sock, ALL)
    events = dict(poll.poll(0)).get(sock.fileno(), 0)
    assert dict(epoll.poll(0)).get(sock.fileno(), 0) == events
    epoll.close()
    readable, writable, _ = select.select([sock], [sock], [sock], 0)
    assert bool(readable) == bool(events & (select.POLLIN | select.POLLHUP | select.POLLERR))
    assert bool(writable) == bool(events & (select.POLLOUT | select.POLLERR))
    return events


def test_what_is_told_in_the_life_of_a_connection(network):
    async def scenario(network):
        fresh = tcp()
        assert told(fresh) == select.POLLOUT | select.POLLHUP
        fresh.close()
        near, far = await connected(network)
        assert told(near) == select.POLLOUT
        far.send(b"x")
        await asyncio.sleep(SOON_S)
        assert told(near) == IN_OUT
        far.shutdown(socket.SHUT_WR)
        await asyncio.sleep(SOON_S)
        assert told(near) == IN_OUT | select.POLLRDHUP
        near.shutdown(socket.SHUT_WR)
        await asyncio.sleep(SOON_S)
        assert told(near) == told(far) == IN_OUT | select.POLLRDHUP | select.POLLHUP
        near.close()
        far.close()

    network.run(scenario)


def test_listening_refused_and_reset(network):
    async def scenario(network):
        listener = await network.at_server(listen(network))
        caller = tcp()
        caller.connect_ex(listener.getsockname())
        await asyncio.sleep(SOON_S)
        assert told(listener) == select.POLLIN
        far = listener.accept()[0]
        assert told(listener) == 0
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        await asyncio.sleep(SOON_S)
        broken = IN_OUT | select.POLLRDHUP | select.POLLHUP
        assert told(caller) == broken | select.POLLERR
        with pytest.raises(ConnectionResetError):
            caller.recv(1)
        assert told(caller) == broken
        address = listener.getsockname()
        listener.close()
        refused = tcp()
        refused.connect_ex(address)
        await asyncio.sleep(SOON_S)
        assert told(refused) == broken | select.POLLERR
        caller.close()
        refused.close()

    network.run(scenario)


@pytest.mark.parametrize(
    "make", [selectors.SelectSelector, selectors.PollSelector, selectors.EpollSelector]
)
def test_selectors_wait(network, make):
    async def scenario(network):
        near, far = await connected(network)
        loop = asyncio.get_running_loop()

        def wait():
            with make() as selector:
                selector.register(near, selectors.EVENT_READ, "near")
                assert selector.select(SOON_S) == []
                loop.call_soon_threadsafe(far.send, b"x")
                ((key, events),) = selector.select(60)
                return key.data, events

        assert await asyncio.to_thread(wait) == ("near", selectors.EVENT_READ)
        near.close()
        far.close()

    network.run(scenario)


def test_epoll_keeps_its_books(network):
    async def scenario(network):
        near, far = await connected(network)
        with select.epoll() as epoll:
            for call in (epoll.unregister, lambda sock: epoll.modify(sock, select.EPOLLIN)):
                with pytest.raises(OSError, match=os.strerror(errno.ENOENT)):
                    call(near)
            epoll.register(near, select.EPOLLOUT | select.EPOLLONESHOT)
            with pytest.raises(OSError, match=os.strerror(errno.EEXIST)):
                epoll.register(near)
            assert [len(epoll.poll(0)) for _ in range(2)] == [1, 0]
            epoll.modify(near, select.EPOLLOUT)
            epoll.register(far, select.EPOLLOUT)
            assert [len(epoll.poll(0, most)) for most in (-1, 1)] == [2, 1]
            near.close()
            assert len(epoll.poll(0)) == 1
        with pytest.raises(ValueError, match="closed epoll"):
            epoll.poll(0)
        far.close()

    network.run(scenario)


def test_files_and_bare_waits(network):
    async def scenario(network):
        reading, writing = os.pipe()
        poll = select.poll()
        poll.register(reading, select.POLLIN)
        assert poll.poll(0) == []
        os.write(writing, b"x")
        assert poll.poll(0) == [(reading, select.POLLIN)]
        os.close(reading)
        os.close(writing)
        assert poll.poll(0) == [(reading, select.POLLNVAL)]
        began = asyncio.get_running_loop().time()
        with contextlib.suppress(InterruptedError):
            assert select.select([], [], [], SOON_S) == ([], [], [])
        assert asyncio.get_running_loop().time() - began >= SOON_S

    network.run(scenario)


def test_a_subprocess_is_waited_for_in_real_time(network):
    """It belongs to the machine, and so do its pipes."""

    async def scenario(network):
        command = ["sh", "-c", "sleep 0.05; echo out; echo err >&2"]
        ended = await asyncio.to_thread(subprocess.run, command, capture_output=True)
        assert (ended.stdout, ended.stderr) == (b"out\n", b"err\n")

    network.run(scenario)
