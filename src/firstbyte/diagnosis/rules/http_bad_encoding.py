"""Content that cannot be decoded."""

from firstbyte.diagnosis.evidence import endpoint, header, response_text, when_failed
from firstbyte.diagnosis.rule import Rule
from firstbyte.journey.model import Hop


def _show(hop: Hop) -> str:
    return f"Content-Encoding: {header(hop, 'content-encoding')}; {response_text(hop)}"


RULE = Rule(
    id="http.bad_encoding",
    severity="critical",
    check=when_failed(
        "http.bad_encoding",
        lambda hop: f"The content from {endpoint(hop)} cannot be decoded.",
        _show,
    ),
    title="Content-Encoding does not match the content",
    meaning=(
        "The response says that its content is compressed, but decompressing fails: a proxy "
        "decoded it and kept the header, it was compressed twice or cut, or the encoding was "
        "never asked for and is not known."
    ),
    see=(
        "curl -v -H 'Accept-Encoding: identity' URL -o /dev/null",
        "curl -s -H 'Accept-Encoding: gzip' URL | gzip -t",
    ),
    fix="Mend the server or proxy that sets Content-Encoding; compress in one place only.",
    references=("RFC 9110, 8.4",),
    aliases=(
        "curl: (61)",
        "ERR_CONTENT_DECODING_FAILED",
        "incorrect header check",
        "Error while processing content unencoding",
        "Not in GZIP format",
        "Z_DATA_ERROR",
        "gzip: invalid header",
        "ContentDecodingError",
        "NS_ERROR_INVALID_CONTENT_ENCODING",
    ),
)
