"""Which proxy a request goes through, and why: curl's rules, as a pure function.

``http_proxy`` counts in lower case only: in a CGI program HTTP_PROXY is the request's own Proxy
header ("httpoxy"). The other variables are read in lower case first.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from firstbyte.client.requests import basic_credentials
from firstbyte.client.urls import Url, parse_url
from firstbyte.errors import UrlError

_DEFAULT_PORTS = {"http": 1080, "https": 443}
_VARIABLES = {
    "http": ("http_proxy", "all_proxy", "ALL_PROXY"),
    "https": ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"),
}


class Proxy(Struct, frozen=True):
    """An HTTP proxy. With ``scheme`` "https" the connection to it is itself secured."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    user: str | None = None
    password: str | None = None

    @property
    def authorization(self) -> str | None:
        """The value of Proxy-Authorization, when there are credentials."""
        if self.user is None:
            return None
        return basic_credentials(self.user, self.password or "")

    def __str__(self) -> str:
        """The proxy without its credentials."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


class ProxyChoice(Struct, frozen=True):
    """The proxy (null: none), and the reason for the ``proxy`` decision event."""

    proxy: Proxy | None
    because: str


def choose_proxy(
    url: Url, option: str | None, no_proxy: str | None, environment: Mapping[str, str]
) -> ProxyChoice:
    """Decide for one request.

    Args:
        url: where it goes.
        option: ``-x``; empty means none, null leaves it to the environment.
        no_proxy: ``--noproxy``; null leaves it to ``no_proxy`` and ``NO_PROXY``.
        environment: the variables.

    Raises:
        UrlError: the proxy that won cannot be used: malformed, or SOCKS.

    """
    origin, text = _wanted(url.scheme, option, environment)
    if not text:
        return ProxyChoice(None, origin)
    exception = _exception(url, no_proxy, environment)
    if exception:
        return ProxyChoice(None, f"{exception}, although {origin} is set")
    proxy = parse_proxy(text)
    return ProxyChoice(proxy, f"{origin} says {proxy}")


def parse_proxy(text: str) -> Proxy:
    """Read a proxy as curl does: without a scheme it is http://, without a port 1080.

    Raises:
        UrlError: it is malformed, or its scheme is not http or https.

    """
    scheme, _, rest = text.rpartition("://")
    scheme = scheme.lower() or "http"
    if scheme not in _DEFAULT_PORTS:
        raise UrlError(
            "url.unsupported_scheme",
            f"proxies of scheme {scheme[:20]!r} are not supported",
            "HTTP proxies are: http://host:port or https://host:port",
        )
    authority = rest.partition("/")[0]
    url = parse_url(f"{scheme}://{authority}/")
    has_port = re.search(r":[0-9]+$", authority) is not None
    port = url.port if has_port else _DEFAULT_PORTS[scheme]
    return Proxy("https" if scheme == "https" else "http", url.host, port, url.user, url.password)


def _wanted(
    scheme: str, option: str | None, environment: Mapping[str, str]
) -> tuple[str, str | None]:
    """Who names a proxy, and which; or why there is none."""
    if option is not None:
        return ("-x", option) if option else ("-x '' turns proxies off", None)
    for variable in _VARIABLES[scheme]:
        if environment.get(variable):
            return variable, environment[variable]
    return f"no option and none of {', '.join(_VARIABLES[scheme])}", None


def _exception(url: Url, no_proxy: str | None, environment: Mapping[str, str]) -> str | None:
    """The entry of the exception list that matches, said in words."""
    origin = "--noproxy"
    if no_proxy is None:
        origin = "no_proxy" if environment.get("no_proxy") else "NO_PROXY"
        no_proxy = environment.get(origin, "")
    for entry in re.split(r"[,\s]+", no_proxy.strip()):
        if entry and (no_proxy.strip() == "*" or matches_exception(url, entry)):
            return f"{origin} has {entry!r}"
    return None


def matches_exception(url: Url, entry: str) -> bool:
    """One entry of a no_proxy list: a name and all below it, an address, or a network in CIDR."""
    host = url.server_name
    if url.is_address:
        return _address_in(host, entry.strip("[]"))
    name = entry.lower().removeprefix(".").removesuffix(".")
    return bool(name) and (host == name or host.endswith("." + name))


def _address_in(address: str, entry: str) -> bool:
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    return ipaddress.ip_address(address) in network
