"""Tells systemd that the daemon answers (``sd_notify``), where a unit of ``Type=notify`` asks."""

import contextlib
import os
import socket


def notify_ready() -> None:
    """Say so; nothing happens where nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = "\0" + address[1:]  # Linux' abstract names
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"READY=1", address)
