"""Form tokens: they prove that a form came from a page of this store, in the same browser."""

import secrets

from starlette.datastructures import FormData
from starlette.requests import Request

from storefront.visit.cookies import VISITOR, Cookies
from storefront.visit.errors import ForeignForm
from storefront.visit.signing import Signer
from storefront.visit.tenancy import is_same_host

VISITOR_CHARACTERS = 24


class FormTokens:
    """The form tokens of one browser in one store, each a keyed fingerprint of the browser's visitor cookie."""

    def __init__(self, cookies: Cookies, signer: Signer) -> None:
        visitor = cookies.sent(VISITOR) or ""
        self._cookies, self._signer = cookies, signer
        self._visitor = visitor if len(visitor) == VISITOR_CHARACTERS and visitor.isascii() else ""

    @property
    def fingerprint(self) -> str | None:
        """Names whose tokens these are; None if the browser has no visitor cookie."""
        return self._signer.fingerprint(self._visitor) if self._visitor else None

    def identify(self) -> str:
        """Return the fingerprint; a browser without a visitor cookie gets one with the response."""
        if not self._visitor:
            self._visitor = secrets.token_urlsafe(18)
            self._cookies.set(VISITOR, self._visitor)
        return self._signer.fingerprint(self._visitor)

    def accept(self, token: str) -> bool:
        """Whether a page of this browser had this token; see :func:`storefront.visit.signing.mask_fingerprint`."""
        return bool(self._visitor) and self._signer.is_fingerprint(token, self._visitor)


async def posted(request: Request) -> FormData:
    """Return a posted form within the limits of the storefront, without a check of its sender."""
    return await request.form(max_files=0, max_fields=120, max_part_size=16 * 1024)


async def read_form(request: Request, tokens: FormTokens) -> FormData:
    """Return a posted form that a page of this store sent.

    Raises:
        ForeignForm: another site sent it, or the browser keeps no cookies.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise ForeignForm
    origin = request.headers.get("origin")
    if origin is not None and not is_same_host(origin, request.headers.get("host", "")):
        raise ForeignForm
    form = await posted(request)
    if not tokens.accept(str(form.get("csrf", ""))):
        raise ForeignForm
    return form
