"""What the readers of payment webhooks share: strict values, and what is left of a webhook that makes no sense."""

from contextlib import suppress
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from domain.money import CURRENCIES, LARGEST
from domain.order.ports import UnusableWebhook

REASON_MAX = 1000
"""The most characters of a failure reason; the rest is cut off."""


def storable(text: str) -> str:
    """Return a text that the log can hold.

    Raises:
        ValueError: it contains NUL.
    """
    if "\0" in text:
        raise ValueError("it contains the character NUL, which cannot be stored")
    return text


def _currency(text: str) -> str:
    code = text.upper()
    if code not in CURRENCIES:
        raise ValueError(f"{text[:20]!r} is not a currency (ISO 4217)")
    return code


Name = Annotated[str, Field(min_length=1, max_length=255), AfterValidator(storable)]
Minor = Annotated[int, Field(ge=0, le=LARGEST)]
Currency = Annotated[str, AfterValidator(_currency)]


class Part(BaseModel):
    """A part of a webhook."""

    # Strict: "12", 12.0 and true are not amounts. Unused fields are ignored.
    model_config = ConfigDict(strict=True, extra="ignore")


class _WithId(Part):
    id: Name


class _WithMetadata(Part):
    """The part of an invalid webhook that names its merchant's order."""

    class _AnyData(Part):
        class _AnySession(Part):
            metadata: dict[str, Any]

        object: _AnySession

    data: _AnyData


def why(error: ValidationError) -> str:
    """Return the first error as a sentence."""
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{where}: {first['msg']}."


def unusable(reason: str, kind: str, body: str) -> UnusableWebhook:
    """Return the refusal of a webhook, with the ids that could be read."""
    external_id, ids = None, dict[str, UUID]()
    with suppress(ValidationError):
        external_id = _WithId.model_validate_json(body).id
    with suppress(ValidationError):
        metadata = _WithMetadata.model_validate_json(body).data.object.metadata
        for name in ("store_id", "order_id"):
            with suppress(ValueError):
                ids[name] = UUID(str(metadata.get(name)))
    return UnusableWebhook(reason, external_id=external_id, type=kind, **ids)
