"""Our authoritative server before others: dig, kdig, delv, unbound, BIND's own tools."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time

import dns.message
import dns.query
import dns.rcode
import pytest

from testbed.name_server import CHILD, ZONE
from testbed.ports import free_port

pytestmark = pytest.mark.interop
KINDS = {
    "nsec": [],
    "nsec3": ["--nsec3"],
    "opt-out": ["--opt-out", "--algorithm", "ed25519"],
    "nsec3-rsa512": ["--nsec3", "--algorithm", "rsasha512"],
    "split-rsa-online": ["--split-keys", "--algorithm", "rsasha256", "--online"],
}


def needs(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def output(*command, **more):
    return subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=30, **more
    ).stdout


class Server:
    """``firstbyte dns authoritative``, started."""

    def __init__(self, directory, *options):
        self.opt_out = "--opt-out" in options
        (directory / "parent").write_text(ZONE)
        (directory / "child").write_text(CHILD)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "firstbyte",
                "dns",
                "authoritative",
                "--listen",
                "127.0.0.1:0",
                *options,
                str(directory / "parent"),
                str(directory / "child"),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = list(iter(self.process.stderr.readline, "ready\n"))
        self.port = said[-1].split()[-1]
        self.anchors = []
        if "--sign" in options:
            self.anchors = [self.process.stdout.readline() for _ in range(4)]

    def stop(self):
        self.process.terminate()
        self.process.communicate(timeout=10)


@pytest.fixture(scope="module", params=KINDS, ids=list(KINDS))
def signed(request, tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("zones"), "--sign", *KINDS[request.param])
    yield server
    server.stop()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("zones"))
    yield server
    server.stop()


@pytest.mark.parametrize("program", ["dig", "kdig"])
def test_dig_and_kdig_are_content(plain, program):
    ask = (needs(program), "@127.0.0.1", "-p", plain.port, "+norec")
    assert output(*ask, "www.example.org", "+short") == "192.0.2.80\n"
    out = output(*ask, "nothing.example.org", "+dnssec")
    assert "NXDOMAIN" in out
    assert "WARNING" not in out.upper()
    assert output(*ask, "huge.example.org", "TXT", "+short").count("x" * 250) == 7
    zone = output(*ask, "example.org", "AXFR")
    assert zone.count("SOA") >= 2
    assert "ns.sub.example.org." in zone


def test_binds_tools_load_and_verify_the_zone(signed, tmp_path):
    zone = output(needs("dig"), "@127.0.0.1", "-p", signed.port, "example.org", "AXFR", "+onesoa")
    file = tmp_path / "zone"
    file.write_text("".join(f"{line}\n" for line in zone.splitlines() if line[:1] != ";"))
    assert "loaded serial 7" in output(needs("named-checkzone"), "-i", "local", "example.org", file)
    verify = [needs("dnssec-verify"), "-z", "-o", "example.org", str(file)]
    done = subprocess.run(verify, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr


def test_ldns_verifies_the_zone(signed, tmp_path):
    zone = output(needs("dig"), "@127.0.0.1", "-p", signed.port, "example.org", "AXFR", "+onesoa")
    file = tmp_path / "zone"
    file.write_text("".join(f"{line}\n" for line in zone.splitlines() if line[:1] != ";"))
    done = subprocess.run(
        [needs("ldns-verify-zone"), "-V", "2", file], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextlib.contextmanager
def unbound(directory, server):
    """unbound over our server, with the parent's DS as its anchor; gives its port."""
    program = needs("unbound")

    port = free_port()
    (directory / "anchor").write_text(server.anchors[0])
    conf = directory / "unbound.conf"
    stubs = "".join(
        f'stub-zone:\n name: "{zone}"\n stub-addr: 127.0.0.1@{server.port}\n'
        for zone in ("example.org", "signed.example.org")
    )
    conf.write_text(
        f'server:\n directory: "{directory}"\n chroot: ""\n username: ""\n use-syslog: no\n'
        f' do-daemonize: no\n pidfile: ""\n interface: 127.0.0.1\n port: {port}\n'
        f' do-not-query-localhost: no\n trust-anchor-file: "{directory}/anchor"\n'
        f' local-zone: "test." transparent\nremote-control:\n control-enable: no\n{stubs}'
    )
    process = subprocess.Popen([program, "-d", "-c", str(conf)], stderr=subprocess.DEVNULL)
    try:
        listening(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


KRESD = """\
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
for _, name in ipairs({{
    'ta_update', 'ta_signal_query', 'priming', 'detect_time_skew', 'detect_time_jump'
}}) do modules.unload(name) end
trust_anchors.remove('.')
trust_anchors.add('{anchor}')
policy.add(policy.all(policy.FORWARD('127.0.0.1@{server}')))
cache.size = 4 * MB
"""


@contextlib.contextmanager
def kresd(directory, server):
    """Knot Resolver over our server, as ``unbound``; it asks nobody else."""
    program = needs("kresd")
    port = free_port()
    conf = directory / "kresd.conf"
    anchor = server.anchors[0].strip()
    conf.write_text(KRESD.format(port=port, anchor=anchor, server=server.port))
    command = [program, "-n", "-q", "-c", str(conf), str(directory)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        listening(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


VALIDATORS = pytest.mark.parametrize("validator", [unbound, kresd], ids=["unbound", "kresd"])
QUESTIONS = [
    ("www.example.org", "A", "NOERROR"),
    ("alias.example.org", "A", "NOERROR"),
    ("nothing.example.org", "A", "NXDOMAIN"),
    ("a.b.nothing.example.org", "A", "NXDOMAIN"),
    ("www.example.org", "TXT", "NOERROR"),
    ("c.ent.example.org", "A", "NOERROR"),
    ("x.wild.example.org", "A", "NOERROR"),
    ("x.wild.example.org", "MX", "NOERROR"),
    ("x.cw.example.org", "A", "NOERROR"),
    ("x.dn.example.org", "A", "NXDOMAIN"),
    ("www.signed.example.org", "A", "NOERROR"),
    ("no.signed.example.org", "A", "NXDOMAIN"),
]


DIRECT = ("www.", "alias.", "c.ent.")
"""Names that are there: denials of others rest on spans."""


def listening(port):
    """Wait until a validator takes connections: a datagram before that is lost in silence."""
    for _ in range(400):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise AssertionError("the validator does not start")


def asked(port, name, rdtype):
    """The validator's answer."""
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    return dns.query.udp(query, "127.0.0.1", 10, port)


@VALIDATORS
def test_others_validate_what_we_sign(signed, tmp_path, validator):
    with validator(tmp_path, signed) as port:
        for name, rdtype, rcode in QUESTIONS:
            message = asked(port, name, rdtype)
            assert dns.rcode.to_text(message.rcode()) == rcode, name
            if signed.opt_out and not name.startswith(DIRECT):
                continue  # a span with opt-out proves nothing of one name (RFC 5155, 9.2)
            assert message.flags & dns.flags.AD, f"{name} {rdtype} is not secure"


@pytest.mark.parametrize(
    "fault", ["expired-signatures", "broken-signatures", "missing-signatures", "wrong-ds"]
)
@VALIDATORS
def test_others_refuse_what_we_break(fault, tmp_path, validator):
    server = Server(tmp_path, "--sign", "--fault", f"{fault}@signed.example.org")
    try:
        with validator(tmp_path, server) as port:
            message = asked(port, "www.signed.example.org", "A")
            assert dns.rcode.to_text(message.rcode()) == "SERVFAIL"
            assert asked(port, "www.example.org", "A").flags & dns.flags.AD
    finally:
        server.stop()


def test_delv_validates_what_we_sign(signed, tmp_path):
    owner, *_, tag, algorithm, kind, digest = signed.anchors[0].split()
    anchors = tmp_path / "anchors"
    anchors.write_text(
        f'trust-anchors {{ "{owner}" static-ds {tag} {algorithm} {kind} "{digest}"; }};\n'
    )
    ask = (needs("delv"), "@127.0.0.1", "-p", signed.port, "-a", anchors, "+root=example.org")
    assert "; fully validated" in output(*ask, "www.example.org", "A")
    assert "; negative response, fully validated" in output(*ask, "www.example.org", "TXT")
