"""What every supplier that takes orders promises. A new adapter adds itself to the fixture ``shop``."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from domain.kernel import Transient
from domain.order.after_sale.sourcing_events import SupplierOrderLine
from domain.order.purchase_ports import SupplierPurchase
from domain.order.sourcing_errors import SupplierRefused
from infra.adapters.suppliers.sample import SampleSupplier
from infra.retry import RetryPolicy
from infra.sandbox.sample_supplier.app import SANDBOX_KEY, sample_supplier_app
from infra.sandbox.sample_supplier.shop import Shop
from tests.support.fakes.supply import served

ONCE = RetryPolicy(attempts=1, first_pause=0.0)


@pytest.fixture
async def supplier(tmp_path: Path) -> AsyncIterator[tuple[SampleSupplier, httpx.AsyncClient]]:
    shop = Shop(tmp_path / "memory.json")
    async with (
        served(sample_supplier_app(shop=shop)) as address,
        httpx.AsyncClient(base_url=address, headers={"X-Api-Key": SANDBOX_KEY}) as client,
    ):
        yield SampleSupplier(address, client, retries=ONCE), client


async def purchase(supplier: SampleSupplier, quantity: int = 1) -> SupplierPurchase:
    found = next(each for each in await supplier.search(["planter"], limit=20) if each.variants[0].stock > 3)
    form = found.variants[0]
    return SupplierPurchase(
        number="ZY-7Q2M4K",
        lines=[SupplierOrderLine(source_id=found.source_id, sku=form.sku, variant_title=form.title, quantity=quantity)],
        recipient="Anna Prüfer",
        address={"line1": "Main St 1", "city": "Portland", "country": "US"},
        idempotency_key="supplier-order:1:SAMPLE",
    )


async def test_an_order_is_taken_once_for_its_key_even_after_a_restart(
    supplier: tuple[SampleSupplier, httpx.AsyncClient], tmp_path: Path
) -> None:
    adapter, client = supplier
    order = await purchase(adapter)
    first = await adapter.place(order)
    assert first.pieces == 1
    assert await adapter.place(order) == first
    (line,) = order.lines
    more = [line.model_copy(update={"quantity": 2})]
    assert await adapter.place(replace(order, lines=more)) == first, "the order of the key, and what it has"
    other = await adapter.place(replace(order, idempotency_key="another", lines=more))
    assert (other.external_id != first.external_id, other.pieces) == (True, 2)
    taken = (await client.get("/v1/orders")).json()["items"]
    assert [each["id"] for each in taken][:1] == [first.external_id]
    assert len(taken) == 2
    assert [each.id for each in Shop(tmp_path / "memory.json").orders] == [each["id"] for each in taken]
    assert "Anna" not in (tmp_path / "memory.json").read_text()


async def test_what_is_not_there_is_refused_and_an_outage_may_pass(
    supplier: tuple[SampleSupplier, httpx.AsyncClient],
) -> None:
    adapter, client = supplier
    order = await purchase(adapter, quantity=5_000)
    with pytest.raises(SupplierRefused, match="are left"):
        await adapter.place(order)
    (line,) = order.lines
    nothing = replace(order, lines=[line.model_copy(update={"source_id": "SS-1", "quantity": 1})])
    with pytest.raises(SupplierRefused, match="SS-1"):
        await adapter.place(nothing)
    await client.put("/v1/outage", json={"down": True})
    for call in (adapter.place(order), adapter.find(line.source_id)):
        with pytest.raises(Transient):
            await call
    assert (await client.get("/v1/orders")).json()["items"] == []


async def test_a_price_that_rose_since_the_supplier_was_asked_is_not_paid(
    supplier: tuple[SampleSupplier, httpx.AsyncClient],
) -> None:
    adapter, client = supplier
    order = await purchase(adapter)
    (line,) = order.lines
    known = await adapter.find(line.source_id)
    assert known is not None
    (form,) = (each for each in known.variants if each.sku == line.sku)
    order = replace(order, lines=[line.model_copy(update={"price_limit": form.cost + known.shipping_cost})])
    await client.put(f"/v1/changes/{line.source_id}", json={"fee_cents": known.shipping_cost.minor + 1})
    with pytest.raises(SupplierRefused, match="with freight now"):
        await adapter.place(order)
    assert (await client.get("/v1/orders")).json()["items"] == []
    await client.delete("/v1/changes")
    assert (await adapter.place(order)).pieces == 1


async def test_it_can_be_told_to_change_price_freight_and_stock(
    supplier: tuple[SampleSupplier, httpx.AsyncClient],
) -> None:
    adapter, client = supplier
    (line,) = (await purchase(adapter)).lines
    before = await adapter.find(line.source_id)
    assert before is not None
    change = {"cents": before.cost.minor + 300, "fee_cents": 777, "available": 2}
    assert (await client.put(f"/v1/changes/{line.source_id}", json=change)).is_success
    after = await adapter.find(line.source_id)
    assert after is not None
    assert (after.cost.minor, after.shipping_cost.minor) == (before.cost.minor + 300, 777)
    assert [each.stock for each in after.variants] == [2] * len(before.variants)
    assert [new.cost.minor - old.cost.minor for new, old in zip(after.variants, before.variants, strict=True)] == [
        300
    ] * len(before.variants)
    await client.put(f"/v1/changes/{line.source_id}", json={"gone": True})
    assert await adapter.find(line.source_id) is None
    assert (await client.put("/v1/changes/SS-1", json={})).status_code == 404
    assert (await client.put(f"/v1/changes/{line.source_id}", json={}, headers={"X-Api-Key": "x"})).status_code == 401
    await client.delete("/v1/changes")
    assert await adapter.find(line.source_id) == before
