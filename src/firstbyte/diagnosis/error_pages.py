"""Pages for errors that end a trace before there is anything to diagnose.

They concern the command line, files and limits of the caller's: no finding recognises them.
"""

from collections.abc import Iterator

from firstbyte.diagnosis.pages import Page
from firstbyte.journey.outcome import exit_code


def error_pages() -> Iterator[Page]:
    """One page for each error id without a finding."""
    for error_id, (title, meaning, fix, references, aliases) in _ERRORS.items():
        yield Page(
            name=error_id,
            kind="error",
            title=title,
            meaning=f"{meaning} The exit code is {exit_code(error_id)}, as with curl.",
            severity="critical",
            fixes=(fix,),
            references=references,
            aliases=aliases,
        )


_Entry = tuple[str, str, str, tuple[str, ...], tuple[str, ...]]
_ERRORS: dict[str, _Entry] = {
    "url.malformed": (
        "The URL is malformed",
        (
            "The URL breaks the grammar: no host, a port that is no number or over 65535, a space "
            "or control character, unbalanced brackets of an IPv6 address."
        ),
        "Write scheme://host[:port]/path, quote it for the shell, and percent-encode the rest.",
        ("RFC 3986, 3",),
        (
            "curl: (3)",
            "URL using bad/illegal format",
            "ERR_INVALID_URL",
            "Malformed input to a URL",
        ),
    ),
    "url.unsupported_scheme": (
        "The URL's scheme is not supported",
        "firstbyte traces http:// and https:// URLs.",
        "Use http:// or https://.",
        ("RFC 9110, 4.2",),
        ("Protocol not supported", "unsupported protocol scheme", "ERR_UNKNOWN_URL_SCHEME"),
    ),
    "tls.ca_unreadable": (
        "The CA file cannot be read",
        (
            "--cacert, --capath, SSL_CERT_FILE, SSL_CERT_DIR or CURL_CA_BUNDLE names a file that "
            "is absent, not readable, or holds no certificate in PEM."
        ),
        "Check the path and that it holds `-----BEGIN CERTIFICATE-----`.",
        ("RFC 7468, 5",),
        ("curl: (77)", "error setting certificate verify locations", "NODE_EXTRA_CA_CERTS"),
    ),
    "tls.client_certificate_unusable": (
        "The client certificate cannot be used",
        (
            "--cert or --key names a file that is absent or unreadable, is no PEM, is encrypted "
            "with another password, or the key does not belong to the certificate."
        ),
        "Compare `openssl x509 -noout -pubkey -in CERT` with `openssl pkey -pubout -in KEY`.",
        ("RFC 8446, 4.4.2.3",),
        ("curl: (58)", "key values mismatch", "unable to load client key", "bad decrypt"),
    ),
    "tls.bad_cipher_list": (
        "No such cipher or group",
        (
            "--ciphers or --curves contains no name that OpenSSL knows, or nothing that is left at "
            "its security level."
        ),
        "Look the names up with `openssl ciphers -v` and `openssl list -tls-groups`.",
        ("RFC 8446, B.4",),
        ("curl: (59)", "no cipher match", "failed setting cipher list"),
    ),
    "file.unreadable": (
        "A file cannot be read",
        "A file that an option names (-d @FILE, -T, --urls) is absent or not readable.",
        "Check the path and its permissions.",
        ("curl(1)",),
        ("curl: (26)", "Failed to open/read local data from file"),
    ),
    "write.failed": (
        "The output could not be written",
        (
            "Content or journey could not be written: the disk is full, the directory is not "
            "writable, or whoever read our output has gone."
        ),
        "Check space, permissions, and the program behind the pipe.",
        ("curl(1)",),
        (
            "curl: (23)",
            "Failure writing output to destination",
            "ENOSPC",
            "No space left on device",
        ),
    ),
    "trace.incomplete": (
        "The trace did not end",
        (
            "The journey stops before a whole response was read and without an error: the trace "
            "was cancelled."
        ),
        "Trace again, and let it run to its end or its time limit (-m).",
        ("docs/reference/journey.md",),
        ("cancelled", "interrupted"),
    ),
    "internal": (
        "firstbyte itself failed",
        "An error that firstbyte did not foresee ended the trace: it is a bug.",
        "Report it, with the command and the output of --json.",
        ("docs/reference/journey.md",),
        ("internal error of firstbyte", "bug"),
    ),
}
