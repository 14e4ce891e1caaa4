"""Bodies that the OpenAPI document shows: what a body must have, and no more, so that a reader can send them.

Without them a viewer fills in each field, such as the number of a parcel that does not exist.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    get_nullable_type,
)

from gateway.rest.selections import is_required

ANY_ID = "00000000-0000-4000-8000-000000000000"
"""Stands for an id that the reader has from another answer."""
BY_NAME: Mapping[str, Any] = {
    "addressLines": ["1 Harbour Street"],
    "cancelUrl": "https://dashboard.example.com/plan",
    "category": "planters",
    "city": "Auckland",
    "code": "123456",
    "content": "We answer within a day.",
    "countries": ["NZ"],
    "country": "NZ",
    "currency": "USD",
    "currentPassword": "the password of today",
    "days": 30,
    "description": "A lamp of folded paper.",
    "domain": "shop.example.com",
    "email": "you@example.com",
    "fileName": "receipt.pdf",
    "images": [],
    "legalForm": "Ltd",
    "mimeType": "image/jpeg",
    "name": "Sync",
    "newPassword": "a long new password",
    "niche": "Dog toys",
    "password": "your password",
    "phone": "+64 9 123456",
    "reason": "The goods were worn.",
    "redirectUrl": "https://dashboard.example.com/stripe",
    "returnUrl": "https://dashboard.example.com/plan",
    "role": "EDITOR",
    "reasons": ["It does not fit"],
    "size": 250_000,
    "slug": "gifts",
    "successUrl": "https://dashboard.example.com/plan/chosen",
    "target": ANY_ID,
    "text": "For people who have everything.",
    "title": "Gifts",
}
"""Values by the name of a field. Fields that are not here get a value of their type."""
MORE: Mapping[str, Mapping[str, Any]] = {
    "changeProducts": {"action": "ACTIVATE"},
    "createDiscount": {"code": "spring10", "percentage": "10"},
    "decideGoods": {"activateIds": [ANY_ID]},
    "editStore": {"tagline": "Made for long walks."},
    "editPage": {"title": "About us"},
    "editProduct": {"title": "Paper lamp"},
    "fulfilOrder": {"carrier": "DHL", "trackingNumber": "00340434161094042557"},
    "receiveReturn": {"restock": True},
    "setBusinessIdentity": {"name": "Harbour Goods", "postalCode": "1010"},
}
"""Values by mutation, for fields that it needs together or that show what it is for."""
BY_TYPE: Mapping[str, Any] = {
    "ID": ANY_ID,
    "UUID": ANY_ID,
    "Int": 1,
    "Float": 1.0,
    "Boolean": False,
    "Decimal": "12.50",
    "Date": "2026-11-01",
    "DateTime": "2026-11-30T12:00:00Z",
    "JSON": {},
}


def body_example(fields: Mapping[str, GraphQLInputField], mutation: str = "") -> dict[str, Any]:
    """Return a body with the fields that it must have, and those of ``MORE``."""
    needed = {name: _value(name, each.type) for name, each in fields.items() if is_required(each)}
    return needed | dict(MORE.get(mutation, {}))


def _value(name: str, of_type: Any) -> Any:
    if name in BY_NAME:
        return BY_NAME[name]
    type = get_nullable_type(of_type)
    if isinstance(type, GraphQLList):
        return [_value("", type.of_type)]
    if isinstance(type, GraphQLInputObjectType):
        return body_example(type.fields)
    if isinstance(type, GraphQLEnumType):
        return next(iter(type.values))
    return BY_TYPE.get(type.name, f"the {name}" if name else "text")
