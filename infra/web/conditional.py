"""Conditional requests: one comparison of entity tags for every response that has one."""

import re

from starlette.requests import HTTPConnection

_TAG = re.compile(r'\s*(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|$)')


def is_current(request: HTTPConnection, etag: str) -> bool:
    """Whether the client has this version already, so that 304 is the answer (RFC 9110, section 13.1.2).

    Args:
        request: a GET or HEAD of something that exists: ``*`` is any version of it.
        etag: of the current version, quoted.
    """
    # Several lines of the header are one list.
    given = ",".join(request.headers.getlist("if-none-match")).strip()
    if given == "*":
        return True
    # Weak comparison: "W/" makes no difference.
    wanted = etag.removeprefix("W/").strip('"')
    place = 0
    while (found := _TAG.match(given, place)) is not None and found.end() > place:
        if found[1] == wanted:
            return True
        place = found.end()
    return False
