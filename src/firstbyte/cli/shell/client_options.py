"""From the values of the client flags to ``TraceOptions``."""

from collections.abc import Mapping
from typing import Any, Literal

from firstbyte.cli.shell.content import Content, content_of
from firstbyte.cli.shell.files import read_text
from firstbyte.cli.shell.values import reject
from firstbyte.client.options import (
    ConnectOptions,
    HttpOptions,
    LimitOptions,
    ResolveOptions,
    TlsOptions,
    TlsVersion,
    TraceOptions,
)
from firstbyte.errors import UsageError

UNLIMITED_REDIRECTS = 1_000_000
"""What ``--max-redirs -1`` means in practice: more than any deadline allows."""

Values = Mapping[str, Any]


def trace_options(values: Values, *, show_secrets: bool) -> TraceOptions:
    """The options of a trace.

    Args:
        values: by parameter name of ``client_flags``.
        show_secrets: keep credentials and cookies in the journey.

    Raises:
        UsageError: two values contradict each other.

    """
    return TraceOptions(
        resolve=_resolve(values),
        connect=_connect(values),
        tls=_tls(values),
        http=_http(values),
        limits=LimitOptions(
            max_time_s=values["max_time"],
            max_bytes=values["max_bytes"],
        ),
        show_secrets=show_secrets,
    )


def _resolve(values: Values) -> ResolveOptions:
    chosen = [name for name in ("dns_servers", "doh_url", "dot") if values[name]]
    if len(chosen) > 1:
        reject("--dns-servers, --doh-url and --dot exclude each other", "give one of them")
    mode: Literal["stub", "iterative"] = values["dns_mode"] or (
        "iterative" if values["dnssec"] else "stub"
    )
    if values["dnssec"] and (chosen or mode == "stub"):
        option = f"--{chosen[0].replace('_', '-')}" if chosen else "--dns stub"
        reject(f"--dnssec resolves from the root, and {option} does not", f"leave out {option}")
    return ResolveOptions(
        servers=values["dns_servers"] or (),
        doh_url=values["doh_url"],
        dot=values["dot"],
        static=tuple(values["resolve"]),
        mode=mode,
        dnssec=values["dnssec"],
    )


def _connect(values: Values) -> ConnectOptions:
    family = values["family"]
    limit = {} if values["connect_timeout"] is None else {"timeout_s": values["connect_timeout"]}
    return ConnectOptions(
        family=None if family is None else 4 if family == "4" else 6,
        connect_to=tuple(values["connect_to"]),
        interface=values["interface"],
        tap=values["tap"],
        **limit,
    )


def _tls(values: Values) -> TlsOptions:
    maximum = None if values["tls_max"] == "default" else values["tls_max"]
    minimum: TlsVersion = values["tls_min"] or "1.2"
    if maximum is not None and maximum < minimum:
        reject(f"--tls-max {maximum} is below --tlsv{minimum}")
    if values["key"] and not values["cert"]:
        reject("--key needs --cert", "give the client certificate as well")
    return TlsOptions(
        insecure=values["insecure"],
        ca_file=values["cacert"],
        ca_path=values["capath"],
        cert_file=values["cert"],
        key_file=values["key"],
        minimum=minimum,
        maximum=maximum,
        ciphers=values["ciphers"],
        curves=values["curves"],
        alpn=not values["no_alpn"],
    )


def _http(values: Values) -> HttpOptions:
    content = content_of(values)
    version = values["http_version"]
    cookies, jar = _cookies(values["cookie"])
    return HttpOptions(
        method=_method(values, content),
        headers=_headers(values["headers"], content),
        body=content.data,
        content_type=content.type,
        version="3" if version == "3-only" else version,
        only=version == "3-only",
        follow=values["location"],
        max_redirects=_max_redirects(values["max_redirs"]),
        user_agent=values["user_agent"],
        credentials=_credentials(values["user"]),
        cookies=cookies,
        cookie_jar=jar,
        referer=values["referer"],
        compressed=values["compressed"],
        proxy=values["proxy"],
        no_proxy=values["noproxy"],
        fail=values["fail"],
    )


def _method(values: Values, content: Content) -> str | None:
    if values["head"] and content.data is not None:
        reject("-I sends no content, -d does", "leave one of them out")
    method: str | None = values["request"] or ("HEAD" if values["head"] else None)
    return method


def _max_redirects(given: int | None) -> int:
    if given is None:
        return HttpOptions().max_redirects
    return UNLIMITED_REDIRECTS if given < 0 else given


def _headers(lines: tuple[str, ...], content: Content) -> tuple[tuple[str, str | None], ...]:
    fields = [_header(line) for given in lines for line in _header_lines(given)]
    named = {name.lower() for name, _ in fields}
    if content.accept and "accept" not in named:
        fields.append(("Accept", content.accept))
    return tuple(fields)


def _header_lines(given: str) -> list[str]:
    if not given.startswith("@"):
        return [given]
    return [line for line in read_text(given[1:]).splitlines() if line.strip()]


def _header(line: str) -> tuple[str, str | None]:
    """One ``-H`` value, by curl's rules: ``Name:`` removes, ``Name;`` sends an empty value."""
    name, colon, value = line.partition(":")
    if colon:
        return name.strip(), value.strip() or None
    if line.rstrip().endswith(";"):
        return line.rstrip()[:-1].strip(), ""
    hint = "write 'Name: value'; 'Name:' removes a default field"
    raise UsageError(f"-H {line!r}: no colon", hint)


def _credentials(given: str | None) -> tuple[str, str] | None:
    if given is None:
        return None
    user, colon, password = given.partition(":")
    if not colon:
        import click

        password = click.prompt(f"Password for {user}", hide_input=True, err=True, default="")
    return user, password


def _cookies(given: tuple[str, ...]) -> tuple[str | None, str | None]:
    """(cookies, jar): curl's rule is that a value with "=" is cookies, any other is a file."""
    cookies = [value for value in given if "=" in value]
    files = [value for value in given if "=" not in value]
    if len(files) > 1:
        reject("-b: one cookie file at most")
    return "; ".join(cookies) or None, files[0] if files else None
