"""``zyenta shoppers`` prints whole ids and asks for confirmation only if the shopper exists."""

import json
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest

from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.event_store import PostgresEventLog
from infra.adapters.postgres.vault import PostgresPersonalData
from infra.clock import SystemClock
from projections.registry import READ_MODELS
from tests.integration.cli.commands import CommandResult, zyenta
from tests.support.builders.commands import Ask, bus_on, context

EMAIL = "robin@example.com"
ORDER, STORE, SHOPPER = (uuid4() for _ in range(3))


@pytest.fixture
async def personal(pool: asyncpg.Pool) -> PostgresPersonalData:
    """The vault with the key of the one shopper."""
    await bus_on(PostgresEventLog(pool, SystemClock()), SystemClock()).dispatch(Ask(store_id=STORE), context())
    personal = PostgresPersonalData(pool, MasterKeys([bytes(32)]))
    email = json.dumps((await personal.seal(SHOPPER, EMAIL)).model_dump(mode="json"))
    async with pool.acquire() as connection:
        await connection.execute(f"create schema sales; set search_path to sales; {READ_MODELS['sales'].ddl}")
        row = {
            "id": str(ORDER), "store_id": str(STORE), "number": "ZY-7Q2M4K", "status": "PAID", "currency": "USD",
            "subtotal_minor": 1, "shipping_minor": 0, "tax_minor": 0, "total_minor": 1, "refunded_minor": 0, "items": 1,
            "refund_count": 0, "shipped_items": 0, "unsent_items": 0, "parcel_count": 0, "dispute_count": 0, "pages": "[]",
            "return_count": 0, "returns_to_decide": 0, "substitute_count": 0, "supplier_order_count": 0,
            "failed_supplier_orders": 0, "attention": False, "to_ship": True,
            "shopper_id": str(SHOPPER), "placed_at": "2026-11-26T12:00:00Z", "updated_at": "2026-11-26T12:00:00Z",
        }  # fmt: skip
        await connection.execute(
            "insert into orders select (jsonb_populate_record(null::orders, $1::jsonb || jsonb_build_object("
            "'shopper_name', $2::jsonb, 'shopper_email', $2::jsonb, 'shipping_address', $2::jsonb))).*",
            json.dumps(row),
            email,
        )
    return personal


def shoppers(
    data_dir: Path, database: str, *arguments: str, answer: str | None = None, columns: int = 80
) -> CommandResult:
    return zyenta(
        data_dir,
        "shoppers",
        *arguments,
        answer=answer,
        DATABASE_URL=database,
        KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1",
        ZYENTA_MASTER_KEYS="00" * 32,
        COLUMNS=str(columns),
    )


async def has_key(pool: asyncpg.Pool, person: UUID) -> bool:
    return bool(await pool.fetchval("select count(*) from person_keys where person_id = $1", person))


@pytest.mark.usefixtures("personal")
def test_ids_are_not_cut_on_a_narrow_terminal(tmp_path: Path, database: str) -> None:
    found = shoppers(tmp_path, database, "find", EMAIL, columns=40)
    assert found.status == 0, found.stderr
    assert found.stdout.splitlines() == [
        "ZY-7Q2M4K  placed 2026-11-26 12:00",
        f"  order id    {ORDER}",
        f"  shopper id  {SHOPPER}",
        f"  store id    {STORE}",
    ]


@pytest.mark.usefixtures("personal")
async def test_an_unknown_shopper_is_reported_without_a_prompt(
    tmp_path: Path, database: str, pool: asyncpg.Pool
) -> None:
    refused = shoppers(tmp_path, database, "forget", "ZY-222222", answer="y\n")
    assert refused.status == 1
    assert refused.stderr.startswith("zyenta: No order or shopper 'ZY-222222'.")
    assert refused.stdout == ""
    assert await has_key(pool, SHOPPER)


@pytest.mark.usefixtures("personal")
async def test_a_shopper_is_forgotten_only_if_the_answer_is_yes(
    tmp_path: Path, database: str, pool: asyncpg.Pool
) -> None:
    kept = shoppers(tmp_path, database, "forget", str(ORDER), answer="n\n")
    assert (kept.status, kept.stdout) == (
        1,
        "Permanently erase the name, e-mail and address of the shopper of order ZY-7Q2M4K? [y/N]: ",
    )
    assert await has_key(pool, SHOPPER)
    forgotten = shoppers(tmp_path, database, "forget", str(ORDER), answer="y\n")
    assert forgotten.status == 0, forgotten.stderr
    assert not await has_key(pool, SHOPPER)
