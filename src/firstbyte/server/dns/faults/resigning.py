"""Signs a signed zone again with times of one's choice."""

from firstbyte.errors import UsageError
from firstbyte.server.dns.faults.fault import Order
from firstbyte.server.dns.signing import ZoneSigner
from firstbyte.server.dns.zone import Zone


def sign_again(zone: Zone, order: Order, inception_s: int, expiration_s: int) -> None:
    """Replace the signatures; from then on the zone is not signed any more.

    Raises:
        UsageError: the zone is not signed by us.

    """
    signer = signer_of(zone)
    for rrset in order.signed_sets(zone):
        tags = [int.from_bytes(old[16:18], "big") for old in rrset.signatures]
        rrset.signatures = [
            signer.signature(rrset, key, inception_s, expiration_s)
            for key in signer.keys
            if key.tag in tags
        ]


def freeze(zone: Zone, order: Order) -> None:
    """Make all signatures now, and none later.

    Raises:
        UsageError: the zone is not signed by us.

    """
    signer = signer_of(zone)
    chain = [] if zone.denial is None else zone.denial.all()
    for rrset in (*zone.authoritative_sets(), *chain):
        signer.sign(rrset, order.now_s)
    zone.signer = None


def signer_of(zone: Zone) -> ZoneSigner:
    """Who signs the zone.

    Raises:
        UsageError: nobody here.

    """
    if not isinstance(zone.signer, ZoneSigner):
        raise UsageError("this fault needs a zone that is signed here", "add --sign")
    return zone.signer
