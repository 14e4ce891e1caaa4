"""Lists of the read models are read to their end while rows come and go."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.discount.events import DiscountKind, DiscountTerms
from domain.money import Money
from projections.jobs.drafts import drafts_of_store
from projections.jobs.views import DraftSort
from projections.reading.paging import Slice, Window
from projections.reading.scope import SYSTEM
from projections.sales import queries as sales
from projections.sales.discount_queries import discounts_of_store
from projections.sales.dispute_queries import disputes_of_store, payouts_of_merchant
from projections.sales.ledger_queries import statement_page
from projections.sales.views import DiscountSort, DisputeSort, PayoutSort, RejectedWebhookSort
from tests.integration.projections.read_models import build
from tests.support.builders.histories import History
from tests.support.examples import drawn
from tests.support.paging import CHANGES, Ask, Change, check_walk, walk

STORE = UUID(int=7)
BEGIN = datetime(2026, 11, 2, tzinfo=UTC)
BLANKS = {
    "uuid": STORE,
    "text": "",
    "bigint": 0,
    "integer": 0,
    "smallint": 0,
    "boolean": False,
    "timestamp with time zone": BEGIN,
    "date": BEGIN.date(),
    "double precision": 0.0,
    "numeric": 0,
    "jsonb": "{}",
    "json": "{}",
    "ARRAY": [],
}
TERMS = DiscountTerms(kind=DiscountKind.AMOUNT, amount=Money(minor=1)).model_dump_json()
PAGES: dict[str, tuple[Callable[[asyncpg.Connection, str], Ask], str, dict[str, Any], Callable[[Any], str]]] = {
    "discounts": (
        lambda db, sort: lambda window: discounts_of_store(db, STORE, window, sort=DiscountSort(sort), scope=SYSTEM),
        "id created_at code",
        {"terms": TERMS},
        lambda view: view.code,
    ),
    "disputes": (
        lambda db, sort: lambda window: disputes_of_store(db, STORE, window, sort=DisputeSort(sort), scope=SYSTEM),
        "order_id opened_at dispute_id",
        {"status": "WON", "evidence_status": "NOT_SUBMITTED", "evidence_files": "[]"},
        lambda view: view.dispute_id,
    ),
    "payouts": (
        lambda db, sort: lambda window: payouts_of_merchant(db, STORE, window, sort=PayoutSort(sort), scope=SYSTEM),
        "id at payout_id",
        {"status": "PAID"},
        lambda view: view.payout_id,
    ),
    "rejected_webhooks": (
        lambda db, sort: (
            lambda window: sales.rejected_webhooks_of_store(
                db, STORE, window, sort=RejectedWebhookSort(sort), scope=SYSTEM
            )
        ),
        "id at external_id",
        {},
        lambda view: view.external_id,
    ),
    "drafts": (
        lambda db, sort: lambda window: drafts_of_store(db, STORE, window, sort=DraftSort(sort), scope=SYSTEM),
        "id created_at hint",
        {"status": "REQUESTED", "target_kind": "PAGE", "wanted": "[]", "changes": "[]", "accepted": "[]"},
        lambda view: view.hint,
    ),
    "ledger_postings": (
        lambda db, _sort: lambda window: _statement(db, window),
        "stream_id at reference",
        {"kind": "CHARGE", "account": "BALANCE", "currency": "USD"},
        lambda view: view.reference,
    ),
}
"""By table: the list; the columns of id, time and name; other columns that need a value; the name of an entry."""


SORTS: dict[str, type[StrEnum]] = {
    "discounts": DiscountSort,
    "disputes": DisputeSort,
    "payouts": PayoutSort,
    "rejected_webhooks": RejectedWebhookSort,
    "drafts": DraftSort,
}
"""By table: the sorts of its list."""


async def _statement(db: asyncpg.Connection, window: Window) -> Slice[Any]:
    until = BEGIN + timedelta(days=9)
    return await statement_page(db, BEGIN, until, window, scope=SYSTEM, store_id=STORE)


@pytest.fixture(scope="module")
async def tables(read_models_dsn: str) -> None:
    connection = await asyncpg.connect(read_models_dsn)
    await build(connection, History(1).play([]).raw, batch=500)
    await connection.close()


class Rows:
    """Rows of a table, by number. Many have the same time, as events of one transaction may."""

    def __init__(self, db: asyncpg.Connection, table: str, columns: list[asyncpg.Record]) -> None:
        self._db, self._table = db, table
        _, names, self._fixed, _ = PAGES[table]
        self._id, self._at, self._name = names.split()
        self._columns = columns

    def moment(self, number: int) -> datetime:
        return BEGIN + timedelta(minutes=number % 4)

    def key(self, number: int) -> UUID:
        # Neither in the order of the times nor in that of the numbers.
        return UUID(int=number * 7919 % 1009)

    async def insert(self, number: int) -> None:
        values = {each["column_name"]: BLANKS[each["data_type"]] for each in self._columns if each["needed"]}
        values |= {name: STORE for name in ("store_id", "merchant_id", "book") if name in self._every}
        values |= {self._id: self.key(number), self._at: self.moment(number), self._name: f"n{number:03d}"}
        values |= {name: number % 3 for name in ("used", "amount_minor") if name in self._every}
        if "amount_minor" in self._every:
            # A payout is negative when the merchant owes.
            values |= {"currency": ("USD", "JPY", "EUR")[number % 7 % 3], "amount_minor": number % 5 * 400 - 800}
        values |= {"evidence_due": self.moment(number)} if "evidence_due" in self._every and number % 3 else {}
        values |= self._fixed
        places = ", ".join(f"${place}" for place in range(1, len(values) + 1))
        await self._db.execute(
            f"insert into {self._table} ({', '.join(values)}) values ({places}) on conflict do nothing",
            *values.values(),
        )

    @property
    def _every(self) -> set[str]:
        return {each["column_name"] for each in self._columns}

    async def delete(self, number: int) -> None:
        await self._db.execute(f"delete from {self._table} where {self._id} = $1", self.key(number))

    async def clear(self) -> None:
        await self._db.execute(f"delete from {self._table}")


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("table", PAGES)
@settings(
    max_examples=drawn(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    numbers=st.sets(st.integers(0, 40), max_size=20),
    size=st.integers(1, 9),
    backwards=st.booleans(),
    changes=CHANGES,
    data=st.data(),
)
async def test_no_list_has_a_gap_or_a_duplicate_while_its_rows_change(
    db: asyncpg.Connection,
    table: str,
    numbers: set[int],
    size: int,
    backwards: bool,
    changes: list[list[Change]],
    data: st.DataObject,
) -> None:
    await db.execute("set search_path to catalog, jobs, sales, merchants, public")
    columns = await db.fetch(
        "select column_name, data_type, is_nullable = 'NO' and column_default is null as needed "
        "from information_schema.columns where table_name = $1",
        table,
    )
    sort = data.draw(st.sampled_from(list(SORTS[table]))) if table in SORTS else ""
    rows, ask = Rows(db, table, columns), PAGES[table][0](db, sort)
    await rows.clear()
    present, stayed = set(numbers), set(numbers)
    for number in numbers:
        await rows.insert(number)
    before = (await ask(Window(first=100))).nodes
    if "AMOUNT" in sort:
        amounts = [(view.amount.currency, view.amount.minor) for view in before]
        assert amounts == sorted(amounts, reverse=sort == "AMOUNT_HIGH")

    async def change(each: Change) -> None:
        kind, number = each
        if kind == "insert":
            await rows.insert(number)
            present.add(number)
        else:
            await rows.delete(number)
            present.discard(number)
            stayed.discard(number)

    # A statement's cursors lead forwards only.
    seen = await walk(ask, size, changes, change, backwards=backwards and table != "ledger_postings")
    name_of = PAGES[table][3]
    kept = {f"n{number:03d}" for number in stayed}
    check_walk([name_of(view) for view in seen], [name for view in before if (name := name_of(view)) in kept])
