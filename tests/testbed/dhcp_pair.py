"""DHCP clients and servers without a network: messages travel as bytes, at once or never."""

from firstbyte.protocols.dhcp.client import Bound, Check, Client, ClientSettings, Lost, Moved
from firstbyte.protocols.dhcp.message import MessageType, decode, encode
from firstbyte.protocols.dhcp.requests import Identity
from firstbyte.protocols.dhcp.server import Server, ServerSettings
from firstbyte.protocols.problem import Problems

SECOND = 1_000_000_000
MAC = b"\2\0\0\0\0\1"


def make_server(**changes):
    settings = {
        "address": "192.168.1.1/24",
        "first": "192.168.1.100",
        "last": "192.168.1.102",
        "lease_s": 3600,
    }
    return Server(ServerSettings(**(settings | changes)))


def make_client(mac=MAC, **settings):
    identity = {
        key: settings.pop(key)
        for key in list(settings)
        if key in {"host_name", "broadcast", "client_id", "lease_s", "max_bytes"}
    }
    chosen = ClientSettings(**({"fuzz": 0.0} | settings))
    return Client(Identity(hardware=mac, **identity), b"secret", chosen)


def reread(data):
    problems = Problems()
    message = decode(data, problems)
    assert problems.found == []
    return message


class Lan:
    """One client among servers. ``used``: addresses that somebody else answers ARP for."""

    def __init__(self, client, *servers):
        self.client = client
        self.servers = list(servers)
        self.now_ns = 0
        self.used = set()
        self.deaf = set()
        """Kinds of messages that get lost, either way."""
        self.sent = []
        """(seconds, kind, destination, message) of the client."""
        self.replies = []
        self.news = []

    def start(self, former=None):
        self.client.start(self.now_ns, former)
        self.settle()

    def run(self, seconds):
        """Let so much time pass, timer by timer."""
        end_ns = self.now_ns + round(seconds * SECOND)
        while self.client.deadline <= end_ns:
            self.now_ns = max(self.now_ns, self.client.deadline)
            self.client.poll(self.now_ns)
            self.settle()
        self.now_ns = end_ns

    def settle(self):
        while True:
            outgoing, news = self.client.take()
            self.news += news
            if not outgoing and not news:
                return
            for sent in outgoing:
                self._carry(sent)
            for one in news:
                if isinstance(one, Check):
                    self.client.checked(self.now_ns, free=one.address not in self.used)

    def _carry(self, sent):
        message = reread(encode(sent.message))
        self.sent.append((self.now_ns / SECOND, message.type, sent.destination, message))
        if message.type in self.deaf:
            return
        for server in self.servers:
            if sent.destination not in {None, server.settings.own}:
                continue
            reply = server.receive(message, self.now_ns)
            if reply is not None and reply.message.type not in self.deaf:
                self.replies.append(reply)
                self.client.receive(reread(reply.data), self.now_ns)

    @property
    def kinds(self):
        return [kind.name for _, kind, _, _ in self.sent]

    @property
    def states(self):
        return [one.new.value for one in self.news if isinstance(one, Moved)]

    @property
    def leases(self):
        return [one.lease for one in self.news if isinstance(one, Bound)]

    @property
    def losses(self):
        return [(one.lease.address, one.cause.value) for one in self.news if isinstance(one, Lost)]


__all__ = ["MAC", "SECOND", "Lan", "MessageType", "make_client", "make_server", "reread"]
