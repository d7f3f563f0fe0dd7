"""Files in memory: as OpenSSL finds them, and what is left of them."""

import ssl
import subprocess
import sys
import textwrap
from pathlib import Path

from firstbyte.sim.memory_files import MemoryFile


def test_content_is_replaced_whole():
    file = MemoryFile("notes")
    file.replace(b"a longer text")
    file.replace(b"short")
    assert file.read() == Path(file.path).read_bytes() == b"short"


def test_what_others_append_is_read():
    file = MemoryFile("notes")
    for line in ("one\n", "two\n"):
        with Path(file.path).open("a", encoding="ascii") as appended:
            appended.write(line)
    assert file.read() == b"one\ntwo\n"


def test_openssl_reads_and_writes_them(trusted):
    anchors, keylog = MemoryFile("anchors.pem"), MemoryFile("keys.log")
    anchors.replace(trusted)
    context = ssl.create_default_context(cafile=anchors.path)
    context.keylog_filename = keylog.path
    assert context.cert_store_stats()["x509_ca"] == 1
    assert keylog.read().startswith(b"# TLS secrets log file")


def test_a_killed_world_leaves_nothing(tmp_path, trusted):
    program = """
        import asyncio, os, signal, sys
        from firstbyte.sim import Internet

        net = Internet()
        net.trust(sys.stdin.buffer.read())

        async def die():
            os.kill(os.getpid(), signal.SIGKILL)

        net.run(until=net.host("here").run(die()))
        """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        input=trusted,
        env={"TMPDIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)},
        check=False,
    )
    assert ended.returncode == -9
    assert list(tmp_path.iterdir()) == []
