"""However a history is delivered, the read models hold the same rows."""

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.kernel import CorruptStream
from infra.bench.workload import catalog_events
from projections.catalog import model as catalog
from projections.registry import READ_MODELS
from tests.integration.projections.read_models import Kept, build, empty, load, rows
from tests.support.builders.histories import MOVES, History, with_text
from tests.support.examples import drawn

moves = st.lists(st.tuples(st.sampled_from(sorted(MOVES)), st.integers(0, 1000)), max_size=60)


@settings(
    max_examples=drawn(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=moves, batch=st.integers(1, 40), kept=st.none() | st.tuples(st.integers(0, 80), st.integers(1, 5)))
async def test_neither_the_size_of_batches_nor_rows_kept_between_them_make_a_difference(
    db: asyncpg.Connection, moves: list[tuple[str, int]], batch: int, kept: Kept | None
) -> None:
    history = History().play(moves)
    await build(db, history.raw, batch=len(history.raw))
    await build(db, history.raw, batch=batch, schema="again_{name}", kept=kept)
    assert await rows(db, "again_{name}") == await rows(db)


@settings(
    max_examples=drawn(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(moves=moves)
async def test_mirrors_and_event_classes_make_the_same_rows(
    db: asyncpg.Connection, moves: list[tuple[str, int]]
) -> None:
    history = History().play(moves)
    await build(db, history.raw, batch=50)
    for model in READ_MODELS.values():
        await empty(db, model, f"classes_{model.name}")
        async with db.transaction():
            await model.apply_envelopes(history.envelopes, db)
    assert await rows(db, "classes_{name}") == await rows(db)


WITHOUT_WORKLOAD = {"category_texts", "collections", "domains", "former_addresses"}
"""Tables that the workload of the benches does not fill; the histories of the other tests do."""


async def test_a_rebuild_of_many_stores_equals_the_live_tables(db: asyncpg.Connection) -> None:
    raw = list(catalog_events(6_000, seed=11, side_by_side=8, per_store=400))
    await build(db, raw, batch=37)
    await build(db, raw, batch=371, schema="rebuilt_{name}", kept=(800, 3))
    live = await rows(db)
    assert await rows(db, "rebuilt_{name}") == live
    assert {table.name for table in catalog.MODEL.tables if not live[table.name]} == WITHOUT_WORKLOAD


async def test_temporary_tables_for_time_travel_hold_the_same(db: asyncpg.Connection) -> None:
    history = History().play([("import", 3), ("brand", 3), ("image", 5), ("edit", 28), ("order", 3), ("page", 2)])
    await build(db, history.raw, batch=100)
    live = await rows(db)
    await db.execute("set search_path to pg_temp")
    for model in READ_MODELS.values():
        await db.execute(model.temporary_ddl)
        await load(db, model, history.raw, batch=100)
    assert await rows(db, "pg_temp") == live


async def test_an_event_about_an_unknown_product_is_corrupt_and_writes_nothing(db: asyncpg.Connection) -> None:
    history = History().play([("import", 0), ("edit", 28)])
    orphan = next(raw for raw in history.raw if raw.type == "product.product_activated.v1")
    await build(db, [], batch=1)
    await db.execute("set search_path to catalog")
    event = catalog.MODEL.decoder.decode_stored(orphan)
    assert event is not None
    with pytest.raises(CorruptStream, match=r"product_activated\.v1"):
        async with db.transaction():
            await catalog.MODEL.apply([event], db)
    assert await rows(db) == {table.name: [] for model in READ_MODELS.values() for table in model.tables}


async def test_an_event_applied_twice_is_corrupt_and_not_retried(db: asyncpg.Connection) -> None:
    history = History()
    await build(db, history.raw, batch=100)
    await db.execute("set search_path to catalog")
    first = next(raw for raw in history.raw if raw.type == "store.store_requested.v1")
    event = catalog.MODEL.decoder.decode_stored(first)
    assert event is not None
    with pytest.raises(CorruptStream):
        async with db.transaction():
            await catalog.MODEL.apply([event], db)


async def test_a_nul_character_in_a_text_is_replaced(db: asyncpg.Connection) -> None:
    history = History().play([("add", 1)])
    raw = [with_text(each, b'"Mine."', rb'"a\u0000b \\u0000"') for each in history.raw]
    await build(db, raw, batch=100)
    assert await db.fetchval("select description from product_texts") == "a\ufffdb \\u0000"
