"""``SSLContext.wrap_socket``: TLS without asyncio, on blocking sockets and others."""

import asyncio
import http.client
import select
import socket
import ssl

import pytest

from contracts.test_tls import client_context, serve, server_context

NAME = "server.example"


def call(address, context=None, timeout_s=30, **options):
    """A blocking connection with TLS."""
    plain = socket.create_connection(address, timeout=timeout_s)
    return (context or client_context()).wrap_socket(plain, server_hostname=NAME, **options)


async def connections_end():
    """Wait for the server's tasks: those that accept, and those that answer."""
    here = asyncio.current_task()
    ours = [task for task in asyncio.all_tasks() if task is not here and is_a_connection(task)]
    if ours:
        await asyncio.wait(ours, timeout=30)


def is_a_connection(task):
    return task.get_coro().__qualname__ in {"BaseSelectorEventLoop._accept_connection2", "echo"}


def on_a_thread(function):
    """A contract whose client blocks, in a thread, against a server of asyncio's."""

    def test(network):
        async def scenario(network):
            server, address = await serve(network)
            await asyncio.to_thread(function, address)
            # asyncio loses a connection whose server is closed while it is being accepted.
            await asyncio.sleep(0)
            await connections_end()
            server.close()

        network.run(scenario)

    return test


@on_a_thread
def test_an_echo_and_what_is_told_of_it(address):
    with call(address) as sock:
        assert isinstance(sock, ssl.SSLSocket)
        assert (sock.version(), sock.server_side, sock.server_hostname) == ("TLSv1.3", False, NAME)
        assert sock.getpeercert()["subjectAltName"] == (("DNS", NAME),)
        assert sock.getpeername() == address
        sock.sendall(b"secret" * 50_000)
        with sock.makefile("rb") as file:
            assert file.read(300_000) == b"secret" * 50_000
        buffer = bytearray(10)
        assert sock.send(b"more") == 4
        assert sock.recv_into(buffer) == 4
        assert buffer == b"more" + bytes(6)
        assert sock.send(bytes(100_000)) == 100_000


@on_a_thread
def test_names_and_issuers_are_checked(address):
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        call(address, ssl.create_default_context())
    context = client_context()
    plain = socket.create_connection(address)
    with pytest.raises(ssl.SSLCertVerificationError, match="mismatch"):
        context.wrap_socket(plain, server_hostname="other.example")
    assert plain.fileno() == -1
    with socket.create_connection(address) as plain:
        with pytest.raises(ValueError, match="requires server_hostname"):
            context.wrap_socket(plain)
        assert plain.fileno() != -1


@on_a_thread
def test_a_socket_that_is_wrapped_before_it_connects(address):
    with client_context().wrap_socket(socket.socket(), server_hostname=NAME) as sock:
        sock.settimeout(30)
        assert sock.version() is None
        sock.connect(address)
        sock.sendall(b"hello")
        assert sock.recv(100) == b"hello"


@on_a_thread
def test_times_out(address):
    with call(address, timeout_s=0.05) as sock:
        with pytest.raises(TimeoutError, match="timed out"):
            sock.recv(1)
        sock.sendall(b"still here")
        assert sock.recv(100) == b"still here"


@on_a_thread
def test_without_blocking(address):
    sock = call(address, do_handshake_on_connect=False)
    sock.setblocking(False)
    waits = {ssl.SSLWantReadError: select.POLLIN, ssl.SSLWantWriteError: select.POLLOUT}

    def finish(step, *args):
        while True:
            try:
                return step(*args)
            except tuple(waits) as wait:
                poll = select.poll()
                poll.register(sock, waits[type(wait)])
                assert poll.poll(60_000)

    finish(sock.do_handshake)
    sent = received = 0
    while received < 3_000_000:
        if sent < 3_000_000:
            sent += finish(sock.send, bytes(min(100_000, 3_000_000 - sent)))
        else:
            received += len(finish(sock.recv, 65_536))
    with pytest.raises(ssl.SSLWantReadError):
        sock.recv(1)
    sock.close()


@on_a_thread
def test_what_is_refused_and_when_it_is_over(address):
    sock = call(address)
    for use in (lambda: sock.recv(1, socket.MSG_PEEK), lambda: sock.recvfrom(1)):
        with pytest.raises(ValueError, match="not allowed"):
            use()
    with pytest.raises(NotImplementedError):
        sock.recvmsg(1)
    with pytest.raises(NotImplementedError):
        sock.dup()
    with pytest.raises(ValueError, match="already-connected"):
        sock.connect(address)
    sock.close()
    assert sock.fileno() == -1
    with pytest.raises(OSError, match="Bad file descriptor"):
        sock.getpeername()


def test_a_blocking_server_and_a_farewell(network):
    async def scenario(network):
        listener = server_context().wrap_socket(
            socket.create_server(("127.0.0.1", 0)), server_side=True
        )

        def answer():
            sock, _ = listener.accept()
            with sock:
                assert sock.server_side
                sock.sendall(sock.recv(100).upper())
                plain = sock.unwrap()
                plain.sendall(b"in the clear")

        def ask():
            sock = call(listener.getsockname())
            sock.sendall(b"hello")
            assert [sock.recv(100), sock.recv(100)] == [b"HELLO", b""]
            with sock.unwrap() as plain:
                assert plain.recv(100) == b"in the clear"

        await asyncio.gather(asyncio.to_thread(answer), asyncio.to_thread(ask))
        listener.close()

    network.run(scenario)


def test_a_connection_that_ends_without_a_farewell(network):
    async def scenario(network):
        listener = socket.create_server(("127.0.0.1", 0))
        context = server_context()

        def hang_up():
            for _ in range(2):
                plain, _ = listener.accept()
                context.wrap_socket(plain, server_side=True).close()

        def listen():
            with call(listener.getsockname()) as sock:
                assert sock.recv(1) == b""
            ragged = call(listener.getsockname(), suppress_ragged_eofs=False)
            with ragged, pytest.raises(ssl.SSLEOFError):
                ragged.recv(1)

        await asyncio.gather(asyncio.to_thread(hang_up), asyncio.to_thread(listen))
        listener.close()

    network.run(scenario)


def test_https_by_the_standard_library(network):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        writer.close()

    def ask(address):
        connection = http.client.HTTPSConnection(*address, context=client_context(), timeout=30)
        connection._create_connection = lambda *_: socket.create_connection(address, 30)
        connection.host = NAME
        connection.request("GET", "/")
        body = connection.getresponse().read()
        connection.close()
        return body

    async def scenario(network):
        server = await network.at_server(
            asyncio.start_server(answer, network.server, 0, ssl=server_context())
        )
        address = server.sockets[0].getsockname()
        assert await asyncio.to_thread(ask, address) == b"hello"
        server.close()

    network.run(scenario)
