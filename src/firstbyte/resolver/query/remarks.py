"""What a walk and its chain of trust give cause to say."""

from collections.abc import Iterator

from firstbyte.journey.resolution import Link, Remark, Walk

SOON_S = 7 * 86400
_WEAK = {5: "RSA/SHA-1", 7: "RSA/SHA-1"}
MIN_RSA_BITS = 2048


def remarks(walk: Walk, chain: tuple[Link, ...], now_s: float) -> tuple[Remark, ...]:
    """The worst first."""
    found = [*_of_trust(chain, now_s), *_of_servers(walk)]
    order = ("error", "warning", "info")
    unique = list({remark.text: remark for remark in found}.values())
    return tuple(sorted(unique, key=lambda remark: order.index(remark.severity)))


def _of_trust(chain: tuple[Link, ...], now_s: float) -> Iterator[Remark]:
    for link in chain:
        if link.verdict == "bogus" and link.reason and "below" not in link.reason:
            text = f"the chain of trust breaks at {link.zone}: {link.reason}"
            yield Remark(severity="error", text=text, reference="RFC 4035, 5")
        for seal in link.seals:
            if seal.problem is not None:
                yield Remark(severity="error", text=seal.problem, reference="RFC 4035, 5.3")
            elif seal.expires_s - now_s < SOON_S:
                days = (seal.expires_s - now_s) / 86400
                text = f"the signature over {seal.owner} {seal.covered} ends in {days:.1f} days"
                yield Remark(severity="warning", text=text, reference="RFC 6781, 4.4.2")
        for key in link.keys:
            if key.algorithm in _WEAK:
                text = f"{link.zone} has a key with {_WEAK[key.algorithm]}"
                yield Remark(severity="warning", text=text, reference="RFC 9905, 2")
            elif key.algorithm in (8, 10) and key.bits < MIN_RSA_BITS and key.signs_keys:
                text = f"{link.zone}: the RSA key {key.tag} that signs keys has {key.bits} bits"
                yield Remark(severity="info", text=text, reference="RFC 6781, 3.4.2")


def _of_servers(walk: Walk) -> Iterator[Remark]:
    for step in walk.steps:
        server = f"{step.server or step.address} for {step.zone}"
        if step.failed:
            yield Remark(severity="warning", text=f"{server}: {step.outcome}")
        elif step.outcome == "lame" or step.rcode == "REFUSED":
            text = f"{server} is lame: it does not answer for the zone"
            yield Remark(severity="warning", text=text, reference="RFC 9520, 2.1")
        elif step.transport == "tcp":
            text = f"{server} was asked over TCP for {step.name} {step.type}"
            yield Remark(severity="info", text=text, reference="RFC 7766, 5")
