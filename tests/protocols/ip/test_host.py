"""The host stack: two hosts, an example of the contract."""

from firstbyte.protocols.ip.host import Host
from firstbyte.protocols.ip.notify import ACCEPTABLE, CONNECTED, READABLE


def test_the_example_of_the_contract() -> None:
    a, b = Host("a", secret=bytes(32)), Host("b", secret=bytes(32))
    for host, address in ((a, "10.0.0.1"), (b, "10.0.0.2")):
        host.add_interface("eth0")
        host.add_address("eth0", address, 24)
    listener = b.tcp_listen("0.0.0.0", 80)
    client = a.tcp_connect(("10.0.0.2", 80), now_ns=0)
    polled = a.poll(0)
    b.receive("eth0", polled.outgoing[0].packet, 10)
    polled = b.poll(10)
    a.receive("eth0", polled.outgoing[0].packet, 20)
    polled = a.poll(20)
    assert polled.news == [(client, CONNECTED)]
    b.receive("eth0", polled.outgoing[0].packet, 30)
    assert b.poll(30).news == [(listener, ACCEPTABLE)]
    server = listener.accept()
    assert server is not None
    assert client.write(b"hello") == 5
    polled = a.poll(40)
    b.receive("eth0", polled.outgoing[0].packet, 50)
    assert b.poll(50).news == [(server, READABLE)]
    assert server.read() == b"hello"
    client.close(60)
    b.receive("eth0", a.poll(60).outgoing[0].packet, 70)
    b.poll(70)
    assert server.at_eof
