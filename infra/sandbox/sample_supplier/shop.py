"""What the sample supplier remembers: changes of its listings, and orders that it took.

Kept in one JSON file, so that a restart forgets neither; without a file, in memory.
"""

import json
import threading
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from infra.sandbox.sample_supplier.catalog import Offer, offer_by_id

ORDERS_MOST = 10_000


class Change(BaseModel):
    """How a listing differs from the catalog. Amounts are US cents of one piece."""

    cents: int | None = Field(default=None, ge=0, le=100_000_000)
    fee_cents: int | None = Field(default=None, ge=0, le=100_000_000)
    available: int | None = Field(default=None, ge=0, le=1_000_000)
    gone: bool = False
    """Whether the listing does not exist any more."""


class OrderLine(BaseModel):
    """Pieces that somebody orders."""

    model_config = ConfigDict(populate_by_name=True)

    product: str = Field(max_length=100)
    sku: str | None = Field(default=None, max_length=100)
    quantity: int = Field(ge=1, le=10_000)
    most_cents: int | None = Field(default=None, alias="mostCents", ge=0)
    """The most that one piece may cost with its share of the freight; None if the shop has no limit."""


class Purchase(BaseModel):
    """An order that a shop sends."""

    reference: str = Field(min_length=1, max_length=100)
    ship_to: dict[str, str] = Field(alias="shipTo")
    lines: list[OrderLine] = Field(min_length=1, max_length=200)


class TakenOrder(BaseModel):
    """An order that the supplier took. It keeps no address."""

    id: str
    reference: str
    lines: list[OrderLine]


class NotTaken(Exception):
    """The supplier does not take an order as it is: too few of a thing are left, or a thing costs more."""


class _Memory(BaseModel):
    changes: dict[str, Change] = Field(default_factory=dict)
    is_down: bool = False
    orders: dict[str, TakenOrder] = Field(default_factory=dict)
    """By idempotency key."""


class Shop:
    """The sample supplier's memory."""

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._lock = path, threading.Lock()
        self._memory = _Memory()
        if path is not None and path.exists():
            try:
                self._memory = _Memory.model_validate_json(path.read_bytes())
            except ValidationError:
                # A file of another release: the sandbox begins without it.
                self._memory = _Memory()

    @property
    def is_down(self) -> bool:
        """Whether it answers no call."""
        return self._memory.is_down

    @property
    def orders(self) -> list[TakenOrder]:
        """The orders that it took, the oldest first."""
        return list(self._memory.orders.values())

    def be_down(self, *, is_down: bool) -> None:
        """Answer no call any more, or answer again."""
        with self._lock:
            self._memory.is_down = is_down
            self._save()

    def change(self, product_id: str, change: Change) -> None:
        """Change a listing; a later change replaces it."""
        with self._lock:
            self._memory.changes[product_id] = change
            self._save()

    def reset(self) -> None:
        """Undo all changes and answer again. Orders stay."""
        with self._lock:
            self._memory.changes, self._memory.is_down = {}, False
            self._save()

    def offer(self, product_id: str) -> Offer | None:
        """Return a listing as it is now; None if there is none."""
        offer, change = offer_by_id(product_id), self._memory.changes.get(product_id)
        return offer if offer is None or change is None else self.changed(offer)

    def changed(self, offer: Offer) -> Offer | None:
        """Return a listing with its change; None if it is gone."""
        change = self._memory.changes.get(offer.id)
        if change is None:
            return offer
        if change.gone:
            return None
        shift = 0 if change.cents is None else change.cents - offer.cents
        skus = tuple(
            sku.model_copy(
                update={
                    "cents": max(0, sku.cents + shift),
                    "available": sku.available if change.available is None else change.available,
                }
            )
            for sku in offer.skus
        )
        return offer.changed(
            cents=offer.cents + shift,
            fee_cents=offer.fee_cents if change.fee_cents is None else change.fee_cents,
            skus=skus,
        )

    def order(self, key: str, purchase: Purchase) -> TakenOrder:
        """Take an order; the same key gives the same order.

        Raises:
            NotTaken: a thing is gone, there are too few of it, or it costs more than the shop would pay.
        """
        with self._lock:
            known = self._memory.orders.get(key)
            if known is not None:
                return known
            for line in purchase.lines:
                self._check(line)
            taken = TakenOrder(
                id=f"SO-{len(self._memory.orders) + 10_001}", reference=purchase.reference, lines=purchase.lines
            )
            if len(self._memory.orders) >= ORDERS_MOST:
                del self._memory.orders[next(iter(self._memory.orders))]
            self._memory.orders[key] = taken
            self._save()
            return taken

    def _check(self, line: OrderLine) -> None:
        offer = self.offer(line.product)
        form = None
        if offer is not None:
            form = next((sku for sku in offer.skus if line.sku in {None, sku.sku}), None)
        if offer is None or form is None:
            raise NotTaken(f"There is no product {line.product} {line.sku or ''} any more.".replace("  ", " "))
        if form.available < line.quantity:
            raise NotTaken(f"{form.available} of {form.sku} are left, and {line.quantity} were ordered.")
        price = form.cents + offer.fee_cents
        if line.most_cents is not None and price > line.most_cents:
            raise NotTaken(f"{form.sku} costs {price} cents with freight now, and {line.most_cents} were expected.")

    def _save(self) -> None:
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        half = self._path.with_suffix(".new")
        half.write_text(json.dumps(self._memory.model_dump(mode="json")))
        half.replace(self._path)


def as_json(order: TakenOrder) -> dict[str, Any]:
    """Return an order as the API shows it."""
    return order.model_dump(mode="json")
