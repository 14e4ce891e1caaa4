"""Finds shoppers as persons, for those who ask to be forgotten."""

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
    """A shopper by an order of theirs; every order has a shopper id of its own."""

    shopper_id: UUID
    store_id: UUID
    order_id: UUID
    order_number: str
    placed_at: datetime


class ReadModelShoppers:
    """Looks through the sales read model; personal values are opened for the comparison and kept nowhere."""

    def __init__(self, pool: asyncpg.Pool, personal: PersonalData) -> None:
        self._pool = pool
        self._personal = personal

    async def named(self, text: str) -> list[KnownShopper]:
        """Return who an order number, order id or shopper id means; order numbers are not unique over all stores."""
        rows = await self._pool.fetch(
            "select * from orders where number = upper($1) or id = $2 or shopper_id = $2 order by placed_at",
            text,
            _uuid(text),
        )
        return [_known(row) for row in rows]

    async def with_email(self, email: str) -> AsyncIterator[KnownShopper]:
        """Yield who ordered under an e-mail address, newest first; every order is looked at."""
        wanted = email_key(email)
        before: tuple[Any, Any] = (None, None)
        while rows := await self._pool.fetch(
            "select * from orders where $1::timestamptz is null or (placed_at, id) < ($1, $2::uuid)"
            " order by placed_at desc, id desc limit $3",
            *before,
            BATCH,
        ):
            emails = await self._personal.open_many([Sealed(**json.loads(row["shopper_email"])) for row in rows])
            for row, found in zip(rows, emails, strict=True):
                if found is not None and email_key(found) == wanted:
                    yield _known(row)
            before = rows[-1]["placed_at"], rows[-1]["id"]


def _known(row: asyncpg.Record) -> KnownShopper:
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
