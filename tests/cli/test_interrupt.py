"""Ctrl-C ends a trace at once, quietly, with the shells' code."""

import signal
import socket
import subprocess
import sys


def test_an_interrupt_is_130_without_a_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        command = [sys.executable, "-m", "firstbyte", url]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
            peer, _ = silent.accept()
            with peer:
                peer.recv(1)
                process.send_signal(signal.SIGINT)
                _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors
