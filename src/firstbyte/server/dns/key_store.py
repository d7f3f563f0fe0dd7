"""Private keys in a directory, so that a zone keeps its trust anchor over restarts."""

from pathlib import Path

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.names import to_text
from firstbyte.server.dns import bind_keys
from firstbyte.server.dns.keys import ALGORITHMS, Role, ZoneKey, from_pem, generate
from firstbyte.server.dns.signing import Policy


def load_or_make(directory: Path, apex: bytes, policy: Policy) -> list[ZoneKey]:
    """The zone's keys in ``directory``; those that are missing are made and written.

    Keys in files of BIND's are taken as they are, with the roles that their flags give them.

    Raises:
        UsageError: a file cannot be read or written, or is no key.

    """
    number = ALGORITHMS.get(policy.algorithm.lower(), 0)
    given = bind_keys.find(directory, to_text(apex).replace("/", "_"), number)
    if given:
        return given
    roles: tuple[Role, ...] = ("ksk", "zsk") if policy.split else ("csk",)
    return [_key(directory, apex, role, policy.algorithm) for role in roles]


def _key(directory: Path, apex: bytes, role: Role, algorithm: str) -> ZoneKey:
    number = ALGORITHMS.get(algorithm.lower(), 0)
    zone = to_text(apex).replace("/", "_")
    path = directory / f"K{zone}+{number:03d}+{role}.pem"
    try:
        if path.exists():
            return from_pem(path.read_bytes(), role, rsa_number=number)
        key = generate(algorithm, role)
        directory.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_bytes(key.private.pem())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return key
