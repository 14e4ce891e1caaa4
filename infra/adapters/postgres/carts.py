"""Carts in PostgreSQL (``infra/migrations/0090-carts.sql``)."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from domain.cart.contents import CartEntry, ShopperCart
from domain.cart.ports import CART_AGE, Change, KeptCart
from domain.money import Money
from infra.adapters.postgres.pools import Connection

_READ = """
select kept.* from carts asked join carts kept on kept.key = coalesce(asked.joined_into, asked.key)
where asked.key = $1 and asked.store_id = $2 and kept.store_id = $2 and kept.changed_at > $3
"""

_INSERT = """
insert into carts (key, store_id, cart_id, entries, changed_at) values ($1, $2, $3, $4, $5)
on conflict (key) do update set
    cart_id = excluded.cart_id, entries = excluded.entries, changed_at = excluded.changed_at,
    shared = false, joined_into = null, shopper_id = null
where carts.store_id = excluded.store_id and carts.changed_at <= $6
"""
"""A row that is too old is a cart that is gone, also before it is deleted."""

_WRITE = "update carts set cart_id = $2, entries = $3, shared = $4, changed_at = $5 where key = $1"


class PostgresCarts:
    """Implements :class:`domain.cart.ports.Carts`."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool

    async def read(self, store_id: UUID, key: UUID, *, at: datetime) -> KeptCart | None:
        row = await self._pool.fetchrow(_READ, key, store_id, at - CART_AGE)
        return None if row is None else _kept(row)

    async def adopt(self, store_id: UUID, key: UUID, cart: ShopperCart, *, at: datetime) -> KeptCart:
        await self._pool.execute(_INSERT, key, store_id, cart.id or uuid4(), _entries_json(cart), at, at - CART_AGE)
        kept = await self.read(store_id, key, at=at)
        return kept or KeptCart(key, ShopperCart(), shared=False)

    async def change(self, store_id: UUID, key: UUID, change: Change, *, at: datetime) -> KeptCart:
        async with self._pool.acquire() as connection, connection.transaction():
            kept = await _locked(connection, store_id, key, at)
            if kept is None:
                await connection.execute(_INSERT, key, store_id, uuid4(), "[]", at, at - CART_AGE)
                kept = await _locked(connection, store_id, key, at)
            # The key names a cart of another store.
            kept = kept or KeptCart(uuid4(), ShopperCart(), shared=False)
            return await _write(connection, kept, change(kept.cart), at)

    async def join(
        self,
        store_id: UUID,
        key: UUID,
        into: UUID,
        merge: Callable[[ShopperCart, ShopperCart], ShopperCart],
        *,
        at: datetime,
    ) -> KeptCart | None:
        async with self._pool.acquire() as connection, connection.transaction():
            # In one order, so that two joins of the same carts do not wait for each other.
            found = {one: await _locked(connection, store_id, one, at) for one in sorted({key, into})}
            source, target = found[key], found[into]
            if target is None:
                return None
            if source is not None and source.key == target.key:
                return target
            if source is not None:
                await connection.execute(
                    "update carts set joined_into = $2, entries = '[]', shopper_id = null where key = $1 or joined_into = $1",
                    source.key, target.key,
                )  # fmt: skip
            cart = target.cart if source is None else merge(target.cart, source.cart)
            return await _write(connection, KeptCart(target.key, target.cart, shared=True), cart, at)

    async def note_order(self, store_id: UUID, key: UUID, shopper_id: UUID) -> None:
        await self._pool.execute(
            "update carts set shopper_id = $3, shared = true where store_id = $1 and key = $2",
            store_id,
            key,
            shopper_id,
        )

    async def of_shopper(self, store_id: UUID, shopper_id: UUID, *, at: datetime) -> KeptCart | None:
        row = await self._pool.fetchrow(
            "select * from carts where shopper_id = $1 and store_id = $2 and changed_at > $3",
            shopper_id, store_id, at - CART_AGE,
        )  # fmt: skip
        return None if row is None else _kept(row)

    async def note_link(self, store_id: UUID, key: UUID, shopper_id: UUID, *, at: datetime) -> bool:
        noted = await self._pool.fetchval(
            "update carts set link_shopper_id = $3, link_at = $4, shared = true"
            " where store_id = $1 and key = $2 and joined_into is null and link_shopper_id is null returning true",
            store_id, key, shopper_id, at,
        )  # fmt: skip
        return noted is not None

    async def old_links(self, before: datetime, *, limit: int) -> Sequence[UUID]:
        rows = await self._pool.fetch(
            "select link_shopper_id from carts where link_shopper_id is not null and link_at < $1"
            " order by link_at limit $2",
            before, limit,
        )  # fmt: skip
        return [row["link_shopper_id"] for row in rows]

    async def forget_link(self, shopper_id: UUID) -> None:
        await self._pool.execute(
            "update carts set link_shopper_id = null, link_at = null where link_shopper_id = $1", shopper_id
        )

    async def forget(self, shopper_id: UUID) -> Sequence[UUID]:
        rows = await self._pool.fetch(
            "delete from carts where shopper_id = $1"
            " or joined_into in (select key from carts where shopper_id = $1) returning link_shopper_id",
            shopper_id,
        )
        return [row["link_shopper_id"] for row in rows if row["link_shopper_id"] is not None]

    async def delete_old(self, before: datetime, *, limit: int) -> int:
        deleted = await self._pool.fetch(
            "delete from carts where key in"
            " (select key from carts where changed_at < $1 order by changed_at limit $2 for update skip locked)"
            " returning key",
            before, limit,
        )  # fmt: skip
        return len(deleted)


async def _locked(connection: Connection, store_id: UUID, key: UUID, at: datetime) -> KeptCart | None:
    """Return a cart that stays as it is until the transaction ends; None if it is gone."""
    row = await connection.fetchrow(f"{_READ} for update of kept", key, store_id, at - CART_AGE)
    return None if row is None else _kept(row)


async def _write(connection: Connection, kept: KeptCart, cart: ShopperCart, at: datetime) -> KeptCart:
    written = KeptCart(kept.key, cart, kept.shared)
    if not cart and not kept.shared:
        await connection.execute("delete from carts where key = $1", kept.key)
    elif written != kept or kept.shared:
        await connection.execute(_WRITE, kept.key, cart.id, _entries_json(cart), kept.shared, at)
    return written


def _kept(row: asyncpg.Record) -> KeptCart:
    entries = tuple(_entry(one) for one in json.loads(row["entries"]))
    return KeptCart(row["key"], ShopperCart(entries, row["cart_id"]), row["shared"])


def _entry(stored: dict[str, Any]) -> CartEntry:
    price = None if stored.get("currency") is None else Money(minor=stored["minor"], currency=stored["currency"])
    return CartEntry(UUID(stored["product"]), UUID(stored["variant"]), stored["quantity"], price)


def _entries_json(cart: ShopperCart) -> str:
    return json.dumps([_stored(entry) for entry in cart])


def _stored(entry: CartEntry) -> dict[str, Any]:
    stored: dict[str, Any] = {
        "product": str(entry.product_id),
        "variant": str(entry.variant_id),
        "quantity": entry.quantity,
    }
    if entry.seen_price is not None:
        stored |= {"minor": entry.seen_price.minor, "currency": entry.seen_price.currency}
    return stored
