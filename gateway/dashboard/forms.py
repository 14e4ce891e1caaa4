"""Forms: who sent one, what is in it, and the token that proves that a page of this dashboard made it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from secrets import token_urlsafe
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request

from gateway.dashboard.backend import signing_keys
from gateway.dashboard.problems import LogInNeeded, Problem
from gateway.dashboard.sessions import BROWSER, BrowserSession

TOKEN_SECONDS = 7 * 24 * 3600
FIELDS_MAX, FILES_MAX, PART_MAX = 2_000, 20, 1_000_000
CSRF, COMMAND, REVISION = "csrf", "commandId", "revision"
_MERCHANT = "merchant "


class Form(Mapping[str, str]):
    """The texts of a posted form, by field. A missing field is an empty text. Templates show it again after a refusal."""

    def __init__(self, data: FormData | None = None) -> None:
        self._data = data or FormData()

    def __getitem__(self, name: str) -> str:
        value = self._data.get(name)
        return value if isinstance(value, str) else ""

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def text(self, name: str) -> str | None:
        """Return a field's text without white space around it. None if it is empty or missing."""
        return self[name].strip() or None

    def texts(self, name: str) -> list[str]:
        """Return every text of a field that may be sent several times, such as check boxes."""
        return [value for value in self._data.getlist(name) if isinstance(value, str)]

    def checked(self, name: str) -> bool:
        """Whether a check box was sent."""
        return name in self._data

    def files(self, name: str) -> list[UploadFile]:
        """Return the files of a field, without the empty one that browsers send for none."""
        return [value for value in self._data.getlist(name) if isinstance(value, UploadFile) and value.filename]

    @property
    def command_id(self) -> UUID:
        """The id of the form as it was rendered. A form that is sent twice by mistake has the same."""
        try:
            return UUID(self[COMMAND])
        except ValueError:
            return uuid4()


class FormTokens:
    """Signs and checks form tokens. A token belongs to a merchant, or to a browser before it logs in."""

    def __init__(self, secrets: Sequence[bytes]) -> None:
        self._serializer = URLSafeTimedSerializer(signing_keys(secrets, b"zyenta-forms"), salt="dashboard-form")

    def sign(self, session: BrowserSession) -> str:
        """Return a new token. The browser gets a cookie if it has none."""
        # A new nonce each time: a text that a compressed page repeats could be guessed from its length.
        return str(self._serializer.dumps([token_urlsafe(6), _owner(session, identify=True)]))

    def check(self, token: str, session: BrowserSession) -> None:
        """Check a token.

        Raises:
            LogInNeeded: a page of this dashboard made the token, but the session has ended since.
            Problem: another site sent the form, or another merchant logged in since. Its code is FOREIGN_FORM.
        """
        owner = _owner(session, identify=False)
        try:
            _, signed_for = self._serializer.loads(token, max_age=TOKEN_SECONDS)
        except (BadSignature, ValueError, TypeError):
            signed_for = None
        if session.user is None and str(signed_for).startswith(_MERCHANT):
            raise LogInNeeded
        if owner is None or signed_for != owner:
            raise Problem(
                "FOREIGN_FORM",
                "The form is older than your log-in, or your browser keeps no cookies. Nothing was changed. "
                "Go back, load the page again and send it once more.",
            )


def _owner(session: BrowserSession, *, identify: bool) -> str | None:
    """Return whose tokens these are. The browser's own name is hashed: pages must not repeat a cookie."""
    if session.user is not None:
        return f"{_MERCHANT}{session.user['id']}"
    browser = session.cookies.get(BROWSER)
    if browser is None:
        if not identify:
            return None
        browser = token_urlsafe(18)
        session.cookies.set(BROWSER, browser)
    return hashlib.sha256(browser.encode()).hexdigest()[:24]


def check_origin(request: Request, public_host: str) -> None:
    """Check that a page of this dashboard sent the request.

    Args:
        request: the request.
        public_host: host and port of the public address, beside the request's own ``Host``.

    Raises:
        Problem: another site sent it.
    """
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    own = {request.headers.get("host", "").lower(), public_host.lower()} - {""}
    foreign = origin is not None and urlsplit(origin).netloc.lower() not in own
    if site not in {"same-origin", "none"} or foreign:
        raise Problem("FOREIGN_FORM", "Another site sent this form. Nothing was changed.")


async def read_form(request: Request) -> Form:
    """Return the posted form within the dashboard's limits.

    Raises:
        Problem: the form has too many fields, or a text that is too long.
    """
    if not request.headers.get("content-type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return Form()
    return Form(await request.form(max_files=FILES_MAX, max_fields=FIELDS_MAX, max_part_size=PART_MAX))
