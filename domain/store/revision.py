"""The parts of a store that editors change, so that a second editor of a part overwrites nothing."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from pydantic import JsonValue

from domain.editing import Parts, fingerprint
from domain.kernel import Value
from domain.shipping.rates import ShippingRates
from domain.store.brand import BrandIdentity
from domain.store.collection_events import CollectionRule
from domain.store.collections import category_text
from domain.store.return_policy import ReturnPolicy
from domain.store.taxes import TaxSettings
from domain.store.texts import brand_values


class Settings(Protocol):
    """What an aggregate and a view of a store have in common."""

    @property
    def contact_email(self) -> str | None: ...
    @property
    def delivery_promise_days(self) -> int: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def shipping(self) -> ShippingRates | None: ...
    @property
    def returns(self) -> ReturnPolicy | None: ...
    @property
    def taxes(self) -> TaxSettings | None: ...
    @property
    def orders_at_suppliers(self) -> bool: ...


def store_parts(store: Settings, brand: BrandIdentity | None) -> Parts:
    """Return the parts of a store: those of its brand, and its settings. Unset rules count as the default ones."""
    settings = {
        "CONTACT": store.contact_email,
        "DELIVERY_PROMISE": store.delivery_promise_days,
        "TIME_ZONE": store.time_zone,
        "SHIPPING": _json(store.shipping),
        "RETURN_RULES": _json(store.returns or ReturnPolicy()),
        "TAXES": _json(store.taxes or TaxSettings()),
        "SUPPLIER_ORDERING": store.orders_at_suppliers,
    }
    of_brand = {} if brand is None else {field.value: value for field, value in brand_values(brand).items()}
    return {name: fingerprint(value) for name, value in (of_brand | settings).items()}


class WrittenCollection(Protocol):
    """What an event and a view of a collection have in common."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def image_id(self) -> UUID | None: ...
    @property
    def rule(self) -> CollectionRule | None: ...
    @property
    def product_ids(self) -> Sequence[UUID]: ...


def collection_parts(collection: WrittenCollection | None) -> Parts:
    """Return a collection's one part; an edit replaces all of it. None for one that does not exist."""
    if collection is None:
        return {}
    image, products = collection.image_id, collection.product_ids
    whole = [collection.title, collection.text, None if image is None else str(image), _json(collection.rule)]
    return {"COLLECTION": fingerprint([*whole, [str(id) for id in products]])}


def category_parts(title: str | None, text: str | None) -> Parts:
    """Return the one part of a category's page: its texts. Empty if the page has no own texts."""
    return {"CATEGORY_TEXT": category_text(title, text)} if title or text else {}


def _json(value: Value | None) -> JsonValue:
    return None if value is None else value.model_dump(mode="json")
