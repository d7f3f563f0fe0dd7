"""The chain of trust as a drawing: anchor, DS, DNSKEY and RRSIG of each zone."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.text import Text

from firstbyte.journey.resolution import Delegation, Key, Link, Seal
from firstbyte.rendering.escape import escape
from firstbyte.rendering.look import Look
from firstbyte.rendering.wrapping import fit, wrap

ALGORITHMS = {
    5: "RSA/SHA-1",
    7: "RSA/SHA-1",
    8: "RSA/SHA-256",
    10: "RSA/SHA-512",
    13: "ECDSA P-256",
    14: "ECDSA P-384",
    15: "Ed25519",
    16: "Ed448",
}
DIGESTS = {1: "SHA-1", 2: "SHA-256", 4: "SHA-384"}
_STYLES = {"secure": "good", "insecure": "warning", "bogus": "error", "indeterminate": "warning"}


def trust(chain: Sequence[Link], look: Look) -> list[Text]:
    """The zones from the anchor down; nothing where nothing was validated."""
    if not chain:
        return []
    lines = [Text("The chain of trust", style="title")]
    for index, link in enumerate(chain):
        lines += _link(link, look, last=index == len(chain) - 1)
    return lines


def _link(link: Link, look: Look, *, last: bool) -> list[Text]:
    style = _STYLES[link.verdict]
    marks = {"secure": look.glyphs.good, "bogus": look.glyphs.bad}
    sign = marks.get(link.verdict, look.glyphs.warn)
    name = (escape(link.zone), "title")
    lines = [Text.assemble("  ", (f"{sign} ", style), name, "  ", (link.verdict, style))]
    any_key = bool(link.keys)
    details = [_delegation(entry, any_key=any_key) for entry in link.delegations]
    details += [_key(key) for key in link.keys]
    details += [_seal(seal) for seal in link.seals]
    if link.denial:
        details.append(("no DS", f"proved by {link.denial}", ""))
    if link.reason:
        details.append(("because", link.reason, style))
    stem = " " if last else look.glyphs.lifeline
    for label, words, kind in details:
        parts = wrap(look.words(escape(words)), look.width - 15)
        for at, part in enumerate(parts):
            head = f"  {stem}   {label if at == 0 else '':<8} "
            lines.append(Text.assemble((head, "dim"), (fit(part, look.width - len(head)), kind)))
    return lines


def _delegation(entry: Delegation, *, any_key: bool) -> tuple[str, str, str]:
    """``any_key``: the zone's keys came, so that a fit could be seen."""
    label = "anchor" if entry.anchor else "DS"
    digest = DIGESTS.get(entry.digest, f"digest {entry.digest}")
    words = f"{entry.tag:>5}  {_algorithm(entry.algorithm)}, {digest}"
    if entry.matches:
        return label, words, ""
    return label, words + (", fits no key" if any_key else ", no key came"), "dim"


def _key(key: Key) -> tuple[str, str, str]:
    role = "signs keys" if key.signs_keys and key.entry_point else "signs data"
    trusted = f", by {key.trusted_by[0]}" if key.trusted_by else ""
    bits = f" {key.bits} bits" if key.algorithm in (5, 7, 8, 10) else ""
    return "DNSKEY", f"{key.tag:>5}  {_algorithm(key.algorithm)}{bits}, {role}{trusted}", ""


def _seal(seal: Seal) -> tuple[str, str, str]:
    until = datetime.fromtimestamp(seal.expires_s, UTC)
    words = f"{seal.tag:>5}  over {seal.owner} {seal.covered} until {until:%Y-%m-%d %H:%M} UTC"
    if seal.problem is None:
        return "RRSIG", words, ""
    return "RRSIG", f"{words}: {seal.problem}", "error"


def _algorithm(number: int) -> str:
    return ALGORITHMS.get(number, f"algorithm {number}")
