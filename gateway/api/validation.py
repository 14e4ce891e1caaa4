"""What GraphQL and REST check alike, before a command is made of what a client sent or a view is shown."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Self, TypeVar
from uuid import UUID

from pydantic import BeforeValidator

from commands.media import RequestImage
from domain.kernel import InvalidInput, NotFound
from domain.media.events import Operation
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierCredentials
from domain.money import CURRENCIES, Money, exponent
from domain.numbers import decimal_number, whole_number
from domain.store.events import Preferences
from domain.text import check_readable, clean_line
from projections.catalog import queries as catalog_queries
from projections.reading.paging import Reader

V = TypeVar("V")
TEXT_MAX = 200
"""Longest free text among a store's preferences."""
COLORS_MAX = 6
EMAIL_MAX = 254
_CONTACT_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+")
"""Stricter than for logging in: it stands on pages, so it has nothing in it that Markdown could read as its own."""
PRICE_MOST = Decimal(1_000_000_000)
ALL_OPERATIONS = tuple(Operation)


def as_id(kind: str, text: str) -> UUID:
    """Read an id out of what a client sent.

    Raises:
        NotFound: it is none, which is as good as an unknown one.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(kind, text[:64]) from error


def found(view: V | None, kind: str, id: UUID) -> V:
    """Return what was found.

    Raises:
        NotFound: nothing was, or it is somebody else's.
    """
    if view is None:
        raise NotFound(kind, id)
    return view


def check_text(field: str, text: str | None, most: int = TEXT_MAX) -> str | None:
    """Return a short text in its one normal form, white space in order; None for an empty one.

    Args:
        field: as the client wrote it, for the message.
        text: what the client sent.
        most: characters.

    Raises:
        InvalidInput: too long, or with control characters.
    """
    check_readable(field, text or "")
    cleaned = clean_line(text or "")
    if len(cleaned) > most:
        raise InvalidInput(field, f"{field} has {len(cleaned)} characters. Use at most {most}.")
    return cleaned or None


def preferences(
    *, name: str | None, tone: str | None, colors: Sequence[str] | None, audience: str | None
) -> Preferences:
    """Return what a merchant asks for beyond the niche.

    Raises:
        InvalidInput: names the field.
    """
    if len(colors or ()) > COLORS_MAX:
        raise InvalidInput(
            "preferences.colors", f"preferences.colors has {len(colors or ())} colors. Use at most {COLORS_MAX}."
        )
    cleaned = (check_text("preferences.colors", colour, 40) for colour in colors or ())
    return Preferences(
        name=check_text("preferences.name", name, 60),
        tone=check_text("preferences.tone", tone),
        colours=[colour for colour in cleaned if colour is not None],
        audience=check_text("preferences.audience", audience),
    )


def settings_of(preferences: Preferences) -> dict[str, Any]:
    """Return what was asked for as the API calls it, which spells colours as the web does."""
    asked = preferences.model_dump()
    return {"colors" if name == "colours" else name: value for name, value in asked.items()}


def contact_email(email: str | None) -> str | None:
    """Return the address that is to stand on a store's pages; None for an empty one.

    Raises:
        InvalidInput: it has not the form of one.
    """
    cleaned = check_text("contactEmail", email, EMAIL_MAX)
    if cleaned is not None and not _CONTACT_EMAIL.fullmatch(cleaned):
        raise InvalidInput(
            "contactEmail",
            f"Invalid contactEmail {cleaned!r}. Use an e-mail address such as hello@example.com.",
        )
    return cleaned


class Mistyped(Decimal):
    """A text in the place of an amount that is no plain number; :func:`money` refuses it, which knows the field."""

    text: str

    def __new__(cls, text: str) -> Self:
        mistyped = super().__new__(cls, "NaN")
        mistyped.text = text
        return mistyped


def amount(text: str) -> Decimal:
    """Return an amount as a client wrote it; :class:`Mistyped` if that is not digits with a point between them."""
    number = decimal_number(text)
    return Mistyped(text) if number is None else number


def plain_number(value: object) -> object:
    """Check a number that may have come as text, for pydantic: texts other than plain digits are refused.

    Raises:
        ValueError: names the text.
    """
    if isinstance(value, str) and decimal_number(value) is None:
        raise ValueError(f"{value[:40]!r} is not a plain number. Use digits with at most one point, such as 12.50.")
    return value


PlainDecimal = Annotated[Decimal, BeforeValidator(plain_number)]
PlainInt = Annotated[int, BeforeValidator(plain_number)]


def money(field: str, amount: Decimal, currency: str) -> Money:
    """Return an amount in major units as money.

    Raises:
        InvalidInput: not a sensible amount, or one finer than the currency, or no currency.
    """
    if currency not in CURRENCIES:
        raise InvalidInput("currency", f"Invalid currency {currency[:20]!r}. Use an ISO 4217 code such as USD.")
    if isinstance(amount, Mistyped):
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


def ground_colour(ground: str | None) -> str | None:
    """Return a colour as events hold it, ``#rrggbb`` in lower case.

    Raises:
        InvalidInput: it is no such colour.
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
    """Return what goes into the vault; None for the sandbox catalogue, which asks for nothing.

    Raises:
        InvalidInput: the supplier needs a key.
    """
    if api_key:
        return SupplierCredentials(api_key=api_key, api_secret=api_secret, account_id=account_id)
    if provider is not SupplierProvider.SAMPLE:
        raise InvalidInput(
            "apiKey", f"apiKey is missing. {provider.known_as} requires an API key; copy it from your account there."
        )
    return None


async def currency_of(db: Reader, product_id: UUID, *, merchant_id: UUID) -> str:
    """Return what a product is priced in; a product keeps its currency, so it does not matter how old this is."""
    product = await catalog_queries.product_by_id(db, product_id, merchant_id=merchant_id)
    return "USD" if product is None else product.price.currency


async def image_request(
    db: Reader,
    *,
    merchant_id: UUID,
    store_id: UUID,
    new_id: UUID,
    image_id: UUID | None,
    product_id: UUID | None,
    url: str | None,
    alt_text: str | None,
    operations: Sequence[Operation] | None,
    ground: str | None,
) -> RequestImage:
    """Return the command that sends an image to the studio.

    Args:
        db: the read models, where the product of a known image is looked up.
        merchant_id: the owner.
        store_id: whose image it is.
        new_id: the id of an image that is not known yet.
        image_id: of a known image, to be processed again; None: ``url`` is a new one.
        product_id: whose picture a new one is to be, if it is a product's.
        url: where a new photo is.
        alt_text: for people who do not see it; None: what a known image has.
        operations: what to do; None: everything.
        ground: what to put it on; None: the brand's surface colour.

    Raises:
        InvalidInput: names the field.
        NotFound: no such image, or it is somebody else's.
    """
    url = (url or "").strip()
    if image_id is None and not url:
        raise InvalidInput("url", "url is missing. Send the url of a new photo, or the imageId of an existing one.")
    if image_id is not None and url:
        raise InvalidInput(
            "url", "url and imageId are both set. Send the url of a new photo, or the imageId of an existing one."
        )
    if image_id is not None:
        product_id = await _product_of(db, image_id, merchant_id=merchant_id, store_id=store_id)
    return RequestImage(
        image_id=new_id if image_id is None else image_id,
        store_id=store_id,
        merchant_id=merchant_id,
        product_id=product_id,
        url=url or None,
        alt_text=check_text("altText", alt_text, 500),
        operations=list(ALL_OPERATIONS if operations is None else dict.fromkeys(operations)),
        ground=ground_colour(ground),
    )


async def _product_of(db: Reader, image_id: UUID, *, merchant_id: UUID, store_id: UUID) -> UUID | None:
    """Return whose picture an image is; that never changes, so it does not matter how old this is."""
    asset = await catalog_queries.media_by_id(db, image_id, merchant_id=merchant_id)
    if asset is None or asset.store_id != store_id:
        raise NotFound("image", image_id)
    return asset.product_id


def log_line(cursor: str | None) -> int:
    """Return the number of the line that a job's log is to be continued after; 0: from its beginning.

    Raises:
        InvalidInput: that is no line's number.
    """
    if cursor is None:
        return 0
    line = whole_number(cursor)
    if line is None or not 0 <= line < 10**9:
        raise InvalidInput("after", f"Invalid cursor {cursor[:80]!r}. Use an `endCursor` that this list returned.")
    return line
