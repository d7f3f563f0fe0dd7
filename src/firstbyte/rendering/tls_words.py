"""What is worth saying of a TLS message beside its name and size.

The keys are those of docs/reference/tls-messages.md; a message without them is just not described.
"""

from collections.abc import Mapping, Sequence
from typing import Any

_KEYS: dict[str, tuple[str, ...]] = {
    "client_hello": ("server_name", "alpn", "early_data"),
    "server_hello": ("version", "cipher_suite", "key_share"),
    "hello_retry_request": ("version", "key_share", "cookie_bytes"),
    "encrypted_extensions": ("alpn",),
    "certificate": ("certificates",),
    "certificate_verify": ("signature_algorithm",),
    "server_key_exchange": ("group", "signature_algorithm"),
    "new_session_ticket": ("lifetime_s",),
    "alert": ("level", "description"),
}
_DULL = {
    "age_add",
    "certificate_bytes",
    "compression_method",
    "compression_methods",
    "context_bytes",
    "entries",
    "extensions",
    "nonce_bytes",
    "random",
    "session_id_bytes",
    "signature_bytes",
    "supported_versions",
    "verify_bytes",
}
_PHRASES = {
    "lifetime_s": "lifetime {} s",
    "certificates": "{} in the chain",
    "early_data": "early data",
    "cookie_bytes": "cookie {} B",
}
MOST_ITEMS = 6


def in_short(name: str, detail: Mapping[str, Any]) -> str:
    """The fields that decide something: version, cipher, group, name, ALPN, alert."""
    found = ((key, _shown(detail.get(key))) for key in _KEYS.get(name, ()))
    return ", ".join(_PHRASES.get(key, "{}").format(value) for key, value in found if value)


def in_full(detail: Mapping[str, Any]) -> str:
    """All fields but bookkeeping and random bytes; long lists are cut."""
    found = ((key, _shown(value)) for key, value in detail.items() if key not in _DULL)
    return ", ".join(f"{key} {value}" for key, value in found if value)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return _shown(value.get("group"))
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [item for item in map(_shown, value) if item]
        more = f" and {len(items) - MOST_ITEMS} more" if len(items) > MOST_ITEMS else ""
        return " ".join(items[:MOST_ITEMS]) + more
    if isinstance(value, bool):
        return "yes" if value else ""
    return str(value) if isinstance(value, (str, int, float)) and value != 0 else ""
