"""Conditional requests: one comparison of entity tags for every response that has one."""

import re

from starlette.requests import HTTPConnection

_TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def is_current(request: HTTPConnection, etag: str) -> bool:
    """Return whether the client already has this version, so that 304 is correct (RFC 9110, section 13.1.2).

    Args:
        request: a GET or HEAD of an existing resource, of which ``*`` matches any version.
        etag: the current version's tag, quoted.
    """
    # Several lines of the header are one list.
    return names_tag(",".join(request.headers.getlist("if-none-match")), etag)


def names_tag(header: str, etag: str) -> bool:
    """Return whether the value of ``If-None-Match`` names an entity tag; see :func:`is_current`."""
    header = header.strip()
    if header == "*":
        return True
    # Weak comparison: "W/" makes no difference.
    tag = etag.removeprefix("W/").strip('"')
    place = 0
    while (match := _TAG.match(header, place)) is not None and match.end() > place:
        if match[1] == tag:
            return True
        place = match.end()
    return False
