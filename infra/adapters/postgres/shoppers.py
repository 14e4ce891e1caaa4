"""Finds a person's shopper ids, so that the person can be forgotten."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from domain.accounts.email import email_key
from domain.privacy import PersonalData, Sealed

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownShopper:
    """A shopper with their order; every order has its own shopper id."""

    shopper_id: UUID
    store_id: UUID
    order_id: UUID
    order_number: str
    placed_at: datetime


class ReadModelShoppers:
    """Searches the sales read model. Personal values are decrypted for the comparison and not kept."""

    def __init__(self, pool: asyncpg.Pool, personal: PersonalData) -> None:
        self._pool = pool
        self._personal = personal

    async def by_reference(self, text: str) -> list[KnownShopper]:
        """Return the shoppers of an order number, order id or shopper id. Stores may share an order number."""
        rows = await self._pool.fetch(
            "select * from orders where number = upper($1) or id = $2 or shopper_id = $2 order by placed_at",
            text,
            _uuid(text),
        )
        return [_shopper(row) for row in rows]

    async def with_email(self, email: str) -> AsyncIterator[KnownShopper]:
        """Yield the shoppers who ordered under an e-mail address, newest first. Reads every order."""
        key = email_key(email)
        before: tuple[Any, Any] = (None, None)
        while rows := await self._pool.fetch(
            "select * from orders where $1::timestamptz is null or (placed_at, id) < ($1, $2::uuid)"
            " order by placed_at desc, id desc limit $3",
            *before,
            BATCH,
        ):
            emails = await self._personal.open_many([Sealed(**json.loads(row["shopper_email"])) for row in rows])
            for row, opened in zip(rows, emails, strict=True):
                if opened is not None and email_key(opened) == key:
                    yield _shopper(row)
            before = rows[-1]["placed_at"], rows[-1]["id"]


def _shopper(row: asyncpg.Record) -> KnownShopper:
    return KnownShopper(
        shopper_id=row["shopper_id"],
        store_id=row["store_id"],
        order_id=row["id"],
        order_number=row["number"],
        placed_at=row["placed_at"],
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
