"""Domain names as merchants type them, and in the form that DNS has."""

import ipaddress
import re
from collections.abc import Collection
from functools import cache

import idna
from publicsuffixlist import PublicSuffixList

from domain.kernel import InvalidInput

_LONGEST = 253 - len("_zyenta.")
"""The longest name that leaves room for the label of its proof."""
_SPECIAL = frozenset(
    {"alt", "arpa", "home", "internal", "invalid", "lan", "local", "localdomain", "localhost", "onion"}
)
"""Top-level names that public DNS never has (RFC 6761, RFC 6762, RFC 7686, RFC 9476)."""
_WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def checked_domain(typed: str, *, platform: Collection[str]) -> str:
    """Return a domain name in lower case, in the ASCII form of DNS, without a root dot.

    ``https://`` before the name and a slash after it are dropped, because people copy them from a browser.

    Args:
        typed: the name as the merchant typed it, in any script and case.
        platform: the platform's own domains.

    Raises:
        InvalidInput: it is not a domain name, a public suffix, an address, or the platform's own.
    """
    shown = f"“{typed[:80]}”"
    name = _WEB_ADDRESS.sub("", typed.strip(), count=1).removesuffix("/").removesuffix(".")
    if _is_address(name):
        raise InvalidInput(
            "domain", f"Invalid domain {shown}: it is an IP address. Use a name such as shop.example.com."
        )
    try:
        name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidInput("domain", f"Invalid domain {shown}. Use a name such as shop.example.com.") from error
    labels = name.split(".")
    if len(name) > _LONGEST or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdecimal():
        raise InvalidInput("domain", f"Invalid domain {shown}. Use a name such as shop.example.com.")
    if any(name == own or name.endswith(f".{own}") for own in platform):
        raise InvalidInput("domain", f"{shown} belongs to the platform. Use a domain that you own.")
    if labels[-1] in _SPECIAL:
        raise InvalidInput("domain", f"{shown} is not a name of the public internet. Use a domain that you own.")
    if _suffixes().is_public(name):
        raise InvalidInput("domain", f"{shown} is a public suffix, which many owners share. Use a domain below it.")
    return name


def shown_domain(name: str) -> str:
    """Return a domain name in its own script, for people."""
    try:
        return idna.decode(name)
    except (idna.IDNAError, UnicodeError):
        return name


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
