"""A network namespace with one veth pair, v0 and v1: raw frames reach programs in it. Root only."""

import ctypes
import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

CLONE_NEWNET = 0x40000000
ETH_P_ALL = 3

SET_UP = """
ip link set lo up
ip link add v0 type veth peer name v1
ip link set v0 up
ip link set v1 up
"""

needs_namespace = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("ip") is None,
    reason="needs root, unshare and ip",
)


class Namespace:
    """Alive as long as its first process, which waits for its input to end."""

    def __init__(self):
        self._raw = []
        script = SET_UP + "echo ready; exec cat"
        self._keeper = subprocess.Popen(
            ["unshare", "--net", "sh", "-ec", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        if self._keeper.stdout.readline() != b"ready\n":
            said = self._keeper.stderr.read().decode()
            self.close()
            pytest.skip(f"no namespace can be made here: {said.strip()}")

    def close(self):
        for raw in self._raw:
            raw.close()
        self._keeper.communicate()

    def start(self, *command, **options):
        """A program in the namespace."""
        inside = ["nsenter", f"--net=/proc/{self._keeper.pid}/ns/net", *command]
        return subprocess.Popen(inside, **options)

    def run(self, *command):
        """A program in the namespace, to its end; what it said."""
        process = self.start(*command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        said, _ = process.communicate(timeout=20)
        assert process.returncode == 0, said
        return said

    def frames(self, interface):
        """A raw socket on an interface of the namespace: whole frames, both ways."""

        def make():
            # Only this thread enters; the socket belongs to the namespace wherever it is used.
            libc = ctypes.CDLL(None, use_errno=True)
            with Path(f"/proc/{self._keeper.pid}/ns/net").open() as namespace:
                assert libc.setns(namespace.fileno(), CLONE_NEWNET) == 0
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
            raw.bind((interface, 0))
            self._raw.append(raw)

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return self._raw[-1]


def received(raw, seconds):
    """Frames that come in, until so many seconds have passed."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        raw.settimeout(left)
        try:
            data, address = raw.recvfrom(65_536)
        except TimeoutError:
            return
        if address[2] != socket.PACKET_OUTGOING:
            yield data
