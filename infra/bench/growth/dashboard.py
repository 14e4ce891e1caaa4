"""The documents of the dashboard that the bench of growth reads: all that read what grows with a store."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from gateway.dashboard.library import document, library
from infra.bench.growth.requests import SAMPLE, Request

OF_STORE: Mapping[str, Mapping[str, Any]] = {
    "activity/store": {"first": 50},
    "brand/store": {},
    "collections/choices": {"categoriesFirst": 50, "productIdsFirst": 50},
    "collections/list": {"first": 50},
    "customers/list": {"first": 50},
    "discounts/list": {"first": 50},
    "discounts/products": {"productIdsFirst": 50},
    "domain/show": {"first": 50},
    "drafts/list": {"first": 50},
    "legal/blockers": {},
    "media/list": {"first": 50},
    "orders/alternatives": {"search": "lamp"},
    # As many as a thousand orders have: a page of the large store must not have more.
    "orders/disputes": {"first": 3},
    "orders/list": {"first": 50},
    "overview/blockers": {},
    "overview/store": {"days": 365},
    "pages/list": {"first": 50},
    "past/moment": {},
    "products/list": {"first": 50},
    "review/store": {"productsFirst": 50, "pagesFirst": 50},
    "seo/store": {"productsFirst": 50, "pagesFirst": 50, "collectionsFirst": 50},
    "settings/show": {"first": 50},
    "shell/store": {},
    "shipping/show": {},
    "timeline/events": {"first": 50},
}
"""Documents about a store, with their other variables."""
OF_ROW = {
    "customers/detail": "orders",
    "media/detail": "media",
    "orders/detail": "orders",
    "orders/dispute": "disputed",
    "pages/detail": "pages",
    "products/detail": "products",
    "products/provenance": "products",
}
"""Documents about one row of a store."""
OTHER_SEARCHES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "products/list, common word": ("products/list", {"first": 50, "search": "lamp"}),
    "products/list, drafts": ("products/list", {"first": 50, "statuses": ["DRAFT"], "sort": "PRICE_LOW"}),
    "orders/list, waiting": ("orders/list", {"first": 50, "needsAttention": True}),
    "orders/list, to refund": ("orders/list", {"first": 50, "refundOwed": True}),
    "orders/list, to ship": ("orders/list", {"first": 50, "toShip": True}),
    "orders/list, by number": ("orders/list", {"first": 50, "number": "ZY-000042"}),
    "overview/store, a month": ("overview/store", {"days": 30}),
}
"""Further forms of some documents."""
NOT_READ: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "account/providers",
            "account/security",
            "activity/account",
            "api_keys/list",
            "billing/show",
            "data/export",
            "data/owed",
            "integrations/address",
            "integrations/show",
            "legal/show",
            "session/first_store",
            "shell/visitor",
            "taxes/show",
            "team/role",
            "team/store",
            "team/stores",
        ),
        "reads an account",
    ),
    **dict.fromkeys(("jobs/detail", "jobs/list", "new/progress"), "reads generations, which a store has few of"),
    **dict.fromkeys(("new/estimate", "new/suggestions", "new/suppliers", "pages/render"), "reads no rows of a store"),
    "collections/detail": "reads a merchant's own list, which has at most a few hundred products",
    "drafts/preview": "signs a link",
    "orders/slip": "reads an account beside an order",
    "overview/home": "reads an account beside its stores",
    "settings/statement": "returns a month, which grows",
    "stores/list": "is among the other reads",
}
"""Documents that the bench leaves out, and why."""


def figure(form: str) -> str:
    """Return the name of the figure of a document or one of its forms."""
    return "dashboard_" + "".join(letter if letter.isalnum() else "_" for letter in form).replace("__", "_")


FORMS = (*OF_STORE, *OF_ROW, *OTHER_SEARCHES)
DASHBOARD = tuple(map(figure, FORMS))
"""Reads of the dashboard by the name of their figure."""


async def dashboard_requests(
    connection: asyncpg.Connection, store_id: UUID, merchant_id: UUID, emails: Sequence[str]
) -> Mapping[str, Sequence[Request]]:
    """Return the requests of each document. Those about a row name rows from all over the store.

    Args:
        connection: to the platform's database.
        store_id: the store.
        merchant_id: its merchant.
        emails: addresses of shoppers of the store.
    """
    ids = {
        name: [
            str(row["id"])
            for row in await connection.fetch(
                f"select id from {table} where store_id = $1 {also} order by md5(id::text) limit {SAMPLE}",  # noqa: S608
                store_id,
            )
        ]
        for name, table, also in (
            ("products", "products", ""),
            ("media", "media", ""),
            ("pages", "pages", ""),
            ("orders", "orders", ""),
            ("disputed", "orders", "and dispute_count > 0"),
        )
    }

    # A very small platform has no dispute.
    ids["disputed"] = ids["disputed"] or ids["orders"]

    def ask(name: str, *variables: Mapping[str, Any]) -> list[Request]:
        text = document(name)
        return [Request(query=text, variables=each, merchant_id=merchant_id) for each in variables]

    of_store = {"id": str(store_id)}
    requests = {name: ask(name, {**of_store, **also}) for name, also in OF_STORE.items()}
    requests |= {form: ask(name, {**of_store, **also}) for form, (name, also) in OTHER_SEARCHES.items()}
    requests |= {name: ask(name, *({"id": id} for id in ids[rows])) for name, rows in OF_ROW.items()}
    requests["customers/detail"] = ask("customers/detail", *({**of_store, "email": email} for email in emails))
    return {figure(form): listed for form, listed in requests.items()}


def unlisted() -> set[str]:
    """Return the documents with a query that are neither read nor left out with a reason."""
    queries = {name for name, text in library().items() if any(line.startswith("query ") for line in text.splitlines())}
    return queries - {*OF_STORE, *OF_ROW, *NOT_READ}
