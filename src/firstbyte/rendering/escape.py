"""The one seam through which text from outside reaches a terminal.

Control characters (ANSI sequences begin with one), bidirectional overrides, zero-width characters
and lone surrogates are shown as visible escapes, so that a peer can neither move the cursor nor
make a line look like another one (CVE-2021-42574, Unicode TR 36).
"""

import re

_DANGEROUS = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1
    "\u00ad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero width, line ends, bidi
    "\ufeff\ufff9-\uffff"  # byte order mark, annotations, non-characters
    "\ud800-\udfff"  # lone surrogates cannot be encoded
    "\U000e0000-\U000e0fff"  # tags and variation selectors
    "]"
)
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """``text`` on one line, with everything that a terminal would obey made visible."""
    return _DANGEROUS.sub(_visible, text)


def _visible(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if character in _SHORT:
        return _SHORT[character]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
