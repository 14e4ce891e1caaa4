"""Checks and conversions of client input that GraphQL and REST share."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import BeforeValidator

from domain.kernel import InvalidInput, NotFound
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierCredentials
from domain.money import CURRENCIES, Money, exponent
from domain.numbers import decimal_number, whole_number
from domain.store.events import Preferences
from domain.text import check_readable, clean_line

V = TypeVar("V")
TEXT_MAX = 200
SECRET_MAX = 4_000
"""Most characters of a supplier's key."""
"""Maximum characters of a preference."""
COLORS_MAX = 6
EMAIL_MAX = 254
_CONTACT_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+")
"""Stricter than for logging in: pages show the address, so it must have no Markdown characters."""
PRICE_MOST = Decimal(1_000_000_000)


def as_id(kind: str, text: str) -> UUID:
    """Parse a client's id.

    Raises:
        NotFound: the text is not a UUID. The answer is the same as for an unknown id.
    """
    try:
        return _uuid(text)
    except ValueError as error:
        raise NotFound(kind, text[:64]) from error


_uuid = lru_cache(maxsize=1024)(UUID)
"""Parses an id: clients ask for the same objects again and again."""


def require(view: V | None, kind: str, id: UUID) -> V:
    """Return the view of a query by id.

    Raises:
        NotFound: the view is None: the id is unknown, or belongs to another merchant.
    """
    if view is None:
        raise NotFound(kind, id)
    return view


def check_text(field: str, text: str | None, most: int = TEXT_MAX) -> str | None:
    """Return a short text in normal form with collapsed white space. None if it is empty.

    Args:
        field: the client's name for the field, for the message.
        text: the client's text.
        most: maximum characters.

    Raises:
        InvalidInput: the text is too long or has control characters.
    """
    check_readable(field, text or "")
    cleaned = clean_line(text or "")
    if len(cleaned) > most:
        raise InvalidInput(field, f"{field} has {len(cleaned)} characters. Use at most {most}.")
    return cleaned or None


def check_length(field: str, text: str | None, most: int) -> None:
    """Check the length of a text that is looked for as it is.

    Raises:
        InvalidInput: it is too long.
    """
    if text is not None and len(text) > most:
        raise InvalidInput(field, f"{field} has {len(text):,} characters. Use at most {most:,}.")


def preferences(
    *, name: str | None, tone: str | None, colors: Sequence[str] | None, audience: str | None
) -> Preferences:
    """Return a store request's preferences.

    Raises:
        InvalidInput: names the field.
    """
    if len(colors or ()) > COLORS_MAX:
        raise InvalidInput(
            "preferences.colors", f"preferences.colors has {len(colors or ())} colors. Use at most {COLORS_MAX}."
        )
    cleaned = (check_text("preferences.colors", color, 40) for color in colors or ())
    return Preferences(
        name=check_text("preferences.name", name, 60),
        tone=check_text("preferences.tone", tone),
        colours=[color for color in cleaned if color is not None],
        audience=check_text("preferences.audience", audience),
    )


def settings_of(preferences: Preferences) -> dict[str, Any]:
    """Return preferences under the API's field names. Events spell ``colours``, the API ``colors``."""
    return {"colors" if name == "colours" else name: value for name, value in preferences.model_dump().items()}


def contact_email(email: str | None) -> str | None:
    """Return the e-mail address for a store's pages. None if it is empty.

    Raises:
        InvalidInput: the text is not an e-mail address.
    """
    return email_address("contactEmail", email)


def email_address(field: str, email: str | None) -> str | None:
    """Return an e-mail address that pages may show. None if it is empty.

    Raises:
        InvalidInput: the text is not an e-mail address.
    """
    cleaned = check_text(field, email, EMAIL_MAX)
    if cleaned is not None and not _CONTACT_EMAIL.fullmatch(cleaned):
        raise InvalidInput(
            field,
            f"Invalid {field} {cleaned!r}. Use an e-mail address such as hello@example.com.",
        )
    return cleaned


class InvalidAmount(Decimal):
    """A text that is not a plain number. :func:`money` rejects it, because it knows the field."""

    text: str

    def __new__(cls, text: str) -> Self:
        invalid = super().__new__(cls, "NaN")
        invalid.text = text
        return invalid


def amount(text: str) -> Decimal:
    """Parse a client's amount. :class:`InvalidAmount` if it is not digits with at most one point."""
    number = decimal_number(text)
    return InvalidAmount(text) if number is None else number


def plain_number(value: object) -> object:
    """Validate a number that a client may send as text, for pydantic.

    Raises:
        ValueError: the text is not digits with at most one point.
    """
    if isinstance(value, str) and decimal_number(value) is None:
        raise ValueError(f"{value[:40]!r} is not a plain number. Use digits with at most one point, such as 12.50.")
    return value


PlainDecimal = Annotated[Decimal, BeforeValidator(plain_number)]
PlainInt = Annotated[int, BeforeValidator(plain_number)]


def money(field: str, amount: Decimal, currency: str) -> Money:
    """Convert an amount in major units to money.

    Raises:
        InvalidInput: the amount is invalid, has too many digits for the currency, or the currency is unknown.
    """
    if currency not in CURRENCIES:
        raise InvalidInput("currency", f"Invalid currency {currency[:20]!r}. Use an ISO 4217 code such as USD.")
    if isinstance(amount, InvalidAmount):
        raise InvalidInput(
            field,
            f"Invalid {field} {amount.text[:40]!r}. Use digits with at most one point, such as 12.50.",
        )
    # Compared directly: arithmetic, even abs(), overflows on an amount such as 1e9999999.
    if not amount.is_finite() or not -PRICE_MOST <= amount <= PRICE_MOST:
        raise InvalidInput(field, f"Invalid {field} {str(amount)[:40]}. Use a number of at most {PRICE_MOST:,}.")
    parsed = Money.parse(amount, currency)
    if parsed.decimal != amount:
        places = exponent(currency) or "no"
        raise InvalidInput(
            field, f"Invalid {field} {str(amount)[:40]}. An amount in {currency} has {places} digits after the point."
        )
    return parsed


def ground_color(ground: str | None) -> str | None:
    """Return a color in the form of events: ``#rrggbb`` in lower case.

    Raises:
        InvalidInput: the text is not such a color.
    """
    if ground is None:
        return None
    lowered = ground.strip().lower()
    if not re.fullmatch("#[0-9a-f]{6}", lowered):
        raise InvalidInput("ground", f"Invalid ground {ground[:20]!r}. Use a color such as #f5f0e8.")
    return lowered


def supplier_credentials(
    provider: SupplierProvider, *, api_key: str | None, api_secret: str | None, account_id: str | None
) -> SupplierCredentials | None:
    """Return the credentials for the vault. None for the sandbox catalog, which needs no key.

    Raises:
        InvalidInput: the supplier requires a key, or a text is too long.
    """
    for name, secret in (("apiKey", api_key), ("apiSecret", api_secret)):
        if len(secret or "") > SECRET_MAX:
            raise InvalidInput(name, f"{name} has {len(secret or '')} characters. Use at most {SECRET_MAX}.")
    if api_key:
        return SupplierCredentials(api_key=api_key, api_secret=api_secret, account_id=account_id)
    if provider is not SupplierProvider.SAMPLE:
        raise InvalidInput(
            "apiKey",
            f"apiKey is missing. {provider.display_name} requires an API key; copy it from your account there.",
        )
    return None


def log_line(cursor: str | None) -> int:
    """Parse a cursor of a job's log to its line number. 0 if there is no cursor.

    Raises:
        InvalidInput: the cursor is not a line number.
    """
    if cursor is None:
        return 0
    line = whole_number(cursor)
    if line is None or not 0 <= line < 10**9:
        raise InvalidInput("after", f"Invalid cursor {cursor[:80]!r}. Use an `endCursor` that this list returned.")
    return line


def call_cursor(text: str | None) -> UUID | None:
    """Return the id of the call that a cursor of a generation's calls names.

    Raises:
        InvalidInput: the cursor is not an id.
    """
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise InvalidInput(
            "after", f"Invalid cursor {text!r:.60}. Use an `endCursor` that this list returned."
        ) from None
