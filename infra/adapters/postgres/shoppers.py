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
    """A shopper with their order or stock notice; each of these has its own shopper id."""

    shopper_id: UUID
    store_id: UUID
    order_id: UUID | None = None
    """None for a stock notice."""
    order_number: str | None = None
    notice_id: UUID | None = None
    """The stock notice; None for an order."""
    placed_at: datetime

    @property
    def what(self) -> str:
        """``order ZY-7Q2M4K``, or the notice with its id."""
        return f"stock notice {self.notice_id}" if self.order_id is None else f"order {self.order_number}"


class ReadModelShoppers:
    """Searches the sales read model. Personal values are decrypted for the comparison and not kept."""

    def __init__(self, pool: asyncpg.Pool, personal: PersonalData) -> None:
        self._pool = pool
        self._personal = personal

    async def by_reference(self, text: str) -> list[KnownShopper]:
        """Return the shoppers of an order number, or of the id of an order, notice or shopper. Stores may share a number."""
        rows = await self._pool.fetch(
            "select * from orders where number = upper($1) or id = $2 or shopper_id = $2 order by placed_at",
            text,
            _uuid(text),
        )
        notices = await self._pool.fetch(
            "select * from stock_notices where (id = $1 or shopper_id = $1) and status <> 'ENDED'", _uuid(text)
        )
        return [*(_shopper(row) for row in rows), *(_waiting(row) for row in notices)]

    async def with_email(self, email: str) -> AsyncIterator[KnownShopper]:
        """Yield who ordered or waits for a variant under an e-mail address, newest first. Reads every order and notice."""
        key = email_key(email)
        async for row in self._matching("stock_notices", "status <> 'ENDED'", "created_at", "email", key):
            yield _waiting(row)
        async for row in self._matching("orders", "true", "placed_at", "shopper_email", key):
            yield _shopper(row)

    async def _matching(self, table: str, where: str, at: str, email: str, key: str) -> AsyncIterator[asyncpg.Record]:
        """Yield the rows of a table whose sealed address is this one, newest first. All names are this module's own."""
        before: tuple[Any, Any] = (None, None)
        while rows := await self._pool.fetch(
            f"select * from {table} where {where} and ($1::timestamptz is null or ({at}, id) < ($1, $2::uuid))"  # noqa: S608
            f" order by {at} desc, id desc limit $3",
            *before,
            BATCH,
        ):
            opened_emails = await self._personal.open_many([Sealed(**json.loads(row[email])) for row in rows])
            for row, opened in zip(rows, opened_emails, strict=True):
                if opened is not None and email_key(opened) == key:
                    yield row
            before = rows[-1][at], rows[-1]["id"]


def _shopper(row: asyncpg.Record) -> KnownShopper:
    return KnownShopper(
        shopper_id=row["shopper_id"],
        store_id=row["store_id"],
        order_id=row["id"],
        order_number=row["number"],
        placed_at=row["placed_at"],
    )


def _waiting(row: asyncpg.Record) -> KnownShopper:
    return KnownShopper(
        shopper_id=row["shopper_id"], store_id=row["store_id"], notice_id=row["id"], placed_at=row["created_at"]
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
