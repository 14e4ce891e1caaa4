"""The texts of a product by field: which event sets which, for drafts and their comparison with the live product."""

from collections.abc import Sequence

from pydantic import JsonValue

from domain.editing import EditField, FieldValues, Fingerprints, Parts, fingerprint
from domain.kernel import InvalidInput
from domain.money import Money
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
DESCRIPTION_MAX, CALL_TO_ACTION_MAX = 20_000, 300
POINTS_MOST, POINT_MAX = 30, 500
"""The most features or benefits, and characters of each."""


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


def product_parts(texts: Fingerprints, *, price: Money, compare_at: Money | None) -> Parts:
    """Return what an editor of a product can change, for its revision."""
    prices = {"PRICE": price, "FORMER_PRICE": compare_at}
    of_texts = {field.value: texts[field] for field in (EditField.TITLE, EditField.DESCRIPTION, EditField.META)}
    return of_texts | {
        name: fingerprint(None if money is None else money.model_dump(mode="json")) for name, money in prices.items()
    }


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


def check_description(
    description: str, features: Sequence[str] = (), benefits: Sequence[str] = (), call_to_action: str = ""
) -> None:
    """Refuse an empty or very long description.

    Raises:
        InvalidInput: names the field.
    """
    if not description.strip():
        raise InvalidInput("description", "The product has no description. Write one.")
    texts = [("description", description, DESCRIPTION_MAX), ("callToAction", call_to_action, CALL_TO_ACTION_MAX)]
    for name, points in (("features", features), ("benefits", benefits)):
        if len(points) > POINTS_MOST:
            raise InvalidInput(name, f"{name} has {len(points)} entries. Use at most {POINTS_MOST}.")
        texts += [(f"{name}.{number}", point, POINT_MAX) for number, point in enumerate(points)]
    for name, text, most in texts:
        if len(text) > most:
            raise InvalidInput(name, f"{name} has {len(text)} characters. Use at most {most}.")
