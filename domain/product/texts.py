"""The texts of a product by field: which event sets which, for drafts and their comparison with the live product."""

from collections.abc import Sequence

from pydantic import JsonValue

from domain.editing import EditField, FieldValues
from domain.kernel import InvalidInput
from domain.product.events import (
    ProductAdded,
    ProductCopyWritten,
    ProductDescribed,
    ProductEvent,
    ProductImported,
    ProductMetaWritten,
    ProductRetitled,
)

META_TITLE_MAX = 60
META_DESCRIPTION_MAX = 155


def described(
    description: str, features: Sequence[str] = (), benefits: Sequence[str] = (), call_to_action: str = ""
) -> JsonValue:
    """Return the value of the field ``DESCRIPTION``."""
    return {
        "description": description,
        "features": list(features),
        "benefits": list(benefits),
        "call_to_action": call_to_action,
    }


def meta(title: str = "", description: str = "") -> JsonValue:
    """Return the value of the field ``META``."""
    return {"meta_title": title, "meta_description": description}


def texts_set_by(event: ProductEvent) -> FieldValues:
    """Return the texts that an event sets; empty if it sets none."""
    match event:
        case ProductImported():
            return _all(event.original_title, described(event.original_description), meta())
        case ProductAdded():
            return _all(event.title, described(event.description), meta())
        case ProductCopyWritten():
            text = described(event.description, event.features, event.benefits, event.call_to_action)
            return _all(event.title, text, meta(event.meta_title, event.meta_description))
        case ProductRetitled():
            return {EditField.TITLE: event.title}
        case ProductDescribed():
            text = described(event.description, event.features, event.benefits, event.call_to_action)
            return {EditField.DESCRIPTION: text}
        case ProductMetaWritten():
            return {EditField.META: meta(event.meta_title, event.meta_description)}
        case _:
            return {}


def _all(title: str, description: JsonValue, meta: JsonValue) -> FieldValues:
    return {EditField.TITLE: title, EditField.DESCRIPTION: description, EditField.META: meta}


def check_description(description: str) -> None:
    """Refuse an empty description.

    Raises:
        InvalidInput: it is empty.
    """
    if not description.strip():
        raise InvalidInput("description", "A product needs a description.")
