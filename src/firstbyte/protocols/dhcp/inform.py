"""DHCPINFORM: settings alone, for a host that has its address from elsewhere (RFC 2131, 3.4)."""

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.chance import Chance
from firstbyte.protocols.dhcp.message import REPLY, Message, MessageType
from firstbyte.protocols.dhcp.requests import Ask, Identity, build
from firstbyte.protocols.tcp.timers import NEVER

TRIES = 4


class Informer:
    """Driven like :class:`~firstbyte.protocols.dhcp.client.Client`; messages are broadcast.

    ``answer`` is the server's DHCPACK once it came; ``failed`` says that none will come.
    """

    def __init__(self, identity: Identity, address: str, secret: bytes) -> None:
        self.answer: Message | None = None
        self.failed = False
        self.deadline = NEVER
        self._identity = identity
        self._chance = Chance(secret)
        self._ask = Ask(transaction=self._chance.word(), client=address)
        self._tries = 0
        self._outgoing: list[Message] = []

    def start(self, now_ns: int) -> None:
        """Ask."""
        self._tries += 1
        self._outgoing.append(build(MessageType.INFORM, self._identity, self._ask))
        self.deadline = now_ns + self._chance.backoff_ns(self._tries)

    def poll(self, now_ns: int) -> None:
        """Ask again, or give up, when it is time."""
        if now_ns < self.deadline:
            return
        if self._tries < TRIES:
            self.start(now_ns)
        else:
            self.failed = True
            self.deadline = NEVER

    def receive(self, message: Message) -> None:
        """A message came."""
        ours = message.operation == REPLY and message.transaction == self._ask.transaction
        if not ours or message.hardware != self._identity.hardware or self.answer is not None:
            return
        if message.type is MessageType.ACK and message.address(options.SERVER_ID) is not None:
            self.answer = message
            self.deadline = NEVER

    def take(self) -> list[Message]:
        """What is to be sent since the last call."""
        taken, self._outgoing = self._outgoing, []
        return taken
