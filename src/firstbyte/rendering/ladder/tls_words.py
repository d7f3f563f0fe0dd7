"""What is worth saying of a TLS message beside its name and size."""

from typing import Any

from firstbyte.events import tls

_KEYS = (
    "version",
    "cipher_suite",
    "key_share",
    "group",
    "server_name",
    "alpn",
    "signature_algorithm",
    "level",
    "description",
)


def tls_words(message: tls.Message) -> str:
    """The decoded fields that decide something: version, cipher, group, name, ALPN, alert."""
    found = (_shown(message.detail.get(key)) for key in _KEYS)
    return ", ".join(words for words in found if words)


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("group", ""))
    if isinstance(value, (list, tuple)):
        return " ".join(_shown(item) for item in value)
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
