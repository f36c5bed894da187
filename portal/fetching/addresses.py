"""Which addresses may be fetched: public pages by http and https, never anything inside the operator's network. Pure.

A name is judged by its form here, and by what it resolves to with ``is_public`` before anything is sent.
"""

import re
from collections.abc import Container
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import quote, urlsplit

import idna

from portal.kernel.text import N_

MOST_CHARACTERS = 2_000
DEFAULT_PORTS = {"http": 80, "https": 443}
PORTS = frozenset(DEFAULT_PORTS.values())
IpAddress = IPv4Address | IPv6Address


class Why(StrEnum):
    """Why a page was not fetched."""

    FORM = "form"
    SCHEME = "scheme"
    PORT = "port"
    USER = "user"
    HOST = "host"
    PRIVATE = "private"
    REDIRECTS = "redirects"
    NAME = "name"
    CONNECT = "connect"
    CERTIFICATE = "certificate"
    TIME = "time"
    SIZE = "size"
    ANSWER = "answer"


WHY_SAID = {
    Why.FORM: N_("This is not a whole web address."),
    Why.SCHEME: N_("Only web pages are looked at: addresses that begin with http:// or https://."),
    Why.PORT: N_("The address names an unusual port, so it was not opened."),
    Why.USER: N_("The address holds a user name or password, so it was not opened."),
    Why.HOST: N_("The address does not name a public site."),
    Why.PRIVATE: N_("The address leads into a private network, so it was not opened."),
    Why.REDIRECTS: N_("The page sends on from one address to the next and never arrives."),
    Why.NAME: N_("There is no site of this name."),
    Why.CONNECT: N_("The site does not answer."),
    Why.CERTIFICATE: N_("The site cannot prove who it is: its certificate is not valid."),
    Why.TIME: N_("The site took too long to answer."),
    Why.SIZE: N_("The site answered with more than we read."),
    Why.ANSWER: N_("The site’s answer could not be read."),
}


class NotFetched(Exception):
    """A page that was not fetched. ``host`` is where it ended, as far as that is known."""

    def __init__(self, why: Why, host: str = "") -> None:
        self.why, self.host = why, host
        super().__init__(why)


@dataclass(frozen=True)
class Target:
    """An address that may be asked for, as far as its form tells. ``host`` is in ASCII, without brackets; ``address`` if it is a number."""

    scheme: str
    host: str
    port: int
    path: str
    address: IpAddress | None = None

    @property
    def url(self) -> str:
        """Return the address in its plain form."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def authority(self) -> str:
        """Return host and, where it is not the usual one, port, as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


_V4_BARRED = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
# Of IPv6 only global unicast is spoken to. That leaves out mapped and compatible addresses, NAT64, link-local, unique local and multicast.
_V6_GLOBAL = IPv6Network("2000::/3")
_V6_BARRED = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"))
# Names that mean a machine or network of one's own, whatever they resolve to.
_OWN_NAMES = (
    *("localhost", "local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "onion", "invalid"),
    *("home.arpa", "in-addr.arpa", "ip6.arpa"),
)
_KEPT = "/%:@!$&'()*+,;=~-._"
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)", re.IGNORECASE)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


def is_public(address: IpAddress) -> bool:
    """Tell whether an address belongs to the public internet. What only wraps another address (mapped, 6to4, NAT64, Teredo) never does."""
    if isinstance(address, IPv4Address):
        return address.is_global and not any(address in net for net in _V4_BARRED)
    if address.scope_id or address not in _V6_GLOBAL:
        return False
    return address.is_global and not any(address in net for net in _V6_BARRED)


def target_of(url: str, *, ports: Container[int] = PORTS) -> Target:
    """Return what to ask for at ``url``. Raises ``NotFetched`` for what is no plain address of a public web page.

    Numbers in other forms than four plain decimals (octal, hexadecimal, one long number, two parts) are refused,
    whatever they stand for, since programs read them differently.
    """
    if len(url) > MOST_CHARACTERS or not url or "\\" in url or any(ord(c) <= 32 or 127 <= ord(c) < 160 for c in url):
        raise NotFetched(Why.FORM)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise NotFetched(Why.FORM) from None
    scheme = parts.scheme.lower()
    if scheme not in DEFAULT_PORTS:
        raise NotFetched(Why.SCHEME if scheme and "://" in url else Why.FORM)
    if "@" in parts.netloc:
        raise NotFetched(Why.USER)
    is_bracketed = "[" in parts.netloc
    host, address = _host(host, is_bracketed=is_bracketed)
    port = DEFAULT_PORTS[scheme] if port is None else port
    if port not in ports:
        raise NotFetched(Why.PORT, host)
    path = quote(parts.path or "/", safe=_KEPT)
    return Target(scheme, host, port, f"{path}?{quote(parts.query, safe=_KEPT + '?')}" if parts.query else path, address)


def _host(host: str, *, is_bracketed: bool) -> tuple[str, IpAddress | None]:
    """Return the host in ASCII, and the address if it is one."""
    if is_bracketed:
        return _literal(host)
    if not host or "%" in host:
        raise NotFetched(Why.HOST)
    try:
        plain = host.lower() if host.isascii() else idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        raise NotFetched(Why.HOST) from None
    plain = plain.removesuffix(".")
    labels = plain.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _literal(plain)
    is_name = len(labels) > 1 and len(plain) <= 253 and all(_LABEL.fullmatch(label) for label in labels)
    if not is_name or any(plain == own or plain.endswith(f".{own}") for own in _OWN_NAMES):
        raise NotFetched(Why.HOST, plain)
    return plain, None


def _literal(host: str) -> tuple[str, IpAddress]:
    try:
        address = ip_address(host)
    except ValueError:
        raise NotFetched(Why.HOST) from None
    return str(address), address
