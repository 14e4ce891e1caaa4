"""The response with a shared page for one shopper, the same for every way into the storefront."""

from infra.web.conditional import names_tag
from infra.web.encoding import accepted_encodings
from storefront.rendering.rendered import RenderedPage
from storefront.visit.parts import ShopperParts

PRIVATE = "private, no-cache"
"""A page belongs to one browser, which asks before it shows it again."""
RawHeaders = list[tuple[bytes, bytes]]

_COMMON = ((b"cache-control", PRIVATE.encode()), (b"vary", b"accept-encoding, cookie"))


def shared_answer(
    page: RenderedPage, parts: ShopperParts, *, if_none_match: str, accept_encoding: str
) -> tuple[int, RawHeaders, bytes]:
    """Return status, headers and body: the page with a shopper's parts, or 304 if the browser has exactly that.

    Args:
        page: what every shopper gets.
        parts: of the shopper, with a fingerprint if the page has a form token.
        if_none_match: the header of the request; empty if the response must have a body.
        accept_encoding: the header of the request.
    """
    # A weak tag: the same page differs in its token's mask, and in its content coding.
    etag = f'W/"{page.digest}{parts.tag(page.parts)}"'
    headers: RawHeaders = [*_COMMON, (b"etag", etag.encode())]
    if if_none_match and names_tag(if_none_match, etag):
        return 304, headers, b""
    shown = parts.shown(page.parts)
    if "gzip" in accepted_encodings(accept_encoding):
        headers.append((b"content-encoding", b"gzip"))
        body = page.gzipped(shown)
    else:
        body = page.plain(shown)
    headers += ((b"content-length", b"%d" % len(body)), (b"content-type", page.content_type))
    return 200, headers, body
