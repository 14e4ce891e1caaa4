"""The log as SQL tables: amounts of every currency, numbers that JSON lacks, and exports for other readers."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pytest

from domain.calls.events import CallUse, OutsideCallRecorded
from domain.kernel import DomainEvent
from domain.money import CURRENCIES, Money, exponent
from domain.order.events import OrderLine, OrderPaid, OrderPlaced
from domain.privacy import Sealed
from domain.product.events import PriceChanged
from infra.analysis.reading import Entry
from infra.analysis.tables import LogTables, open_export, open_tables
from tests.support.builders.records import AT, headers_of, raw

ROOT = Path(__file__).parents[4]
README = (ROOT / "README.md").read_text("utf-8")
ANALYSTS = (ROOT / "infra" / "manual" / "analysts.md").read_text("utf-8")
OPERATIONS = (ROOT / "infra" / "manual" / "operations.md").read_text("utf-8")
STORE = uuid4()


def entry(event: DomainEvent) -> Entry:
    stored = raw(event, tenant=STORE)
    headers = {name: value.decode() for name, value in headers_of(stored)}
    return Entry(
        partition=0, offset=stored.position, position=stored.position, type=stored.type, headers=headers,
        data=stored.data.decode(),
    )  # fmt: skip


def paid(minor: int, currency: str) -> OrderPaid:
    # Skips validation: the log may hold amounts older than the limit.
    amount = Money.model_construct(minor=minor, currency=currency)
    head: dict[str, Any] = {"originator_id": uuid4(), "originator_version": 2, "occurred_at": AT}
    return OrderPaid(**head, intent_id="pi", amount=amount, platform_fee=amount * 0)


def placed(price: Money) -> OrderPlaced:
    nothing = Money.zero(price.currency)
    sealed = Sealed(person_id=uuid4(), ciphertext="v1.x")
    line = OrderLine(
        product_id=uuid4(), variant_id=uuid4(), title="Lamp", variant_title="Default", quantity=2, unit_price=price
    )
    return OrderPlaced(
        originator_id=uuid4(), originator_version=1, occurred_at=AT, store_id=STORE, number="ZY-1", lines=[line],
        subtotal=price * 2, shipping=nothing, tax=nothing, total=price * 2, shopper_id=uuid4(), shopper_name=sealed,
        shopper_email=sealed, shipping_address=sealed,
    )  # fmt: skip


def rows(tables: LogTables, sql: str) -> list[Any]:
    return [json.loads(row, parse_float=Decimal) for row in tables.ask(sql).as_json()]


@pytest.fixture(scope="module", params=["live", "export"])
def tables(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogTables]:
    """The same events, as a live query and as an export has them. Tests only read them."""
    target: Path = tmp_path_factory.mktemp("export") / "events.parquet"
    events: Sequence[DomainEvent] = [
        paid(1500, "JPY"), paid(12_500, "KWD"), paid(1999, "USD"), paid(1, "USD"), paid(-(2**63), "KWD"),
        placed(Money(minor=1500, currency="JPY")),
        PriceChanged(
            originator_id=uuid4(), originator_version=2, occurred_at=AT, price=Money(minor=5), compare_at=None
        ),
    ]  # fmt: skip
    with open_tables() as live:
        for event in events:
            live.add(entry(event))
        live.flush()
        if request.param == "live":
            yield live
            return
        live.write_parquet(target, by_day=False)
    with open_export(target) as exported:
        yield exported


def found_in(sql: str) -> list[Any]:
    """Return what a plain DuckDB finds; the rows that were written, for a copy."""
    with duckdb.connect() as connection:
        return connection.execute(sql).fetchall()


def readme_query() -> str:
    found = re.search(r'zyenta log query "(select occurred_at::date.*?)"', README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_readme_query_is_right_in_yen_dinars_and_dollars(tables: LogTables) -> None:
    found = rows(tables, f"from ({readme_query()}) where revenue > 0")
    assert {row["currency"]: (row["orders"], row["revenue"]) for row in found} == {
        "JPY": (1, Decimal(1500)),
        "USD": (2, Decimal("20.00")),
    }
    of_dinars = rows(tables, "select amount.major as revenue from order_paid where amount.currency = 'KWD' order by 1")
    assert [row["revenue"] for row in of_dinars] == [Decimal("-9223372036854775.808"), Decimal("12.5")]


def test_the_query_of_the_manual_says_what_a_store_has_cost() -> None:
    ids = {name: uuid4() for name in ("generation_id", "store_id", "merchant_id", "answer_id")}
    uses = [
        CallUse(provider="openai", model="m-1", prompt_tokens=100, completion_tokens=20, cost_microdollars=1_500),
        CallUse(provider="openai", model="m-1", prompt_tokens=10, cost_microdollars=500),
        CallUse(provider="openai", model="m-1", cost_microdollars=None),
        CallUse(provider="SAMPLE"),
    ]
    found = re.search(r'"(select strftime[^"]*outside_call_recorded[^"]*)"', OPERATIONS)
    assert found is not None
    with open_tables() as tables:
        for use in uses:
            call = OutsideCallRecorded(
                originator_id=uuid4(),
                originator_version=1,
                occurred_at=AT,
                attempt=1,
                part="search:SAMPLE" if use.provider == "SAMPLE" else "FAQ",
                answer_sha256="ab",
                use=use,
                **ids,
            )
            tables.add(entry(call))
        tables.flush()
        costs = {row.pop("who"): row for row in rows(tables, found[1])}
    month = f"{AT:%Y-%m}"
    assert costs == {
        "m-1": {
            "month": month,
            "texts": 3,
            "supplier_calls": 0,
            "tokens": 130,
            "dollars": Decimal("0.002"),
            "without_price": 1,
        },
        "SAMPLE": {
            "month": month,
            "texts": 0,
            "supplier_calls": 1,
            "tokens": 0,
            "dollars": 0,
            "without_price": 0,
        },
    }


def test_amounts_inside_lists_have_major_units_and_absent_ones_are_null(tables: LogTables) -> None:
    assert rows(tables, "select lines[1].unit_price.major as price, lines[1].quantity as n from order_placed") == [
        {"price": Decimal(1500), "n": 2}
    ]
    assert rows(tables, "select price.major as price, compare_at from price_changed") == [
        {"price": Decimal("0.05"), "compare_at": None}
    ]


def test_the_decimal_places_of_every_currency_are_a_table(tables: LogTables) -> None:
    found = rows(tables, "select currency, exponent from currencies")
    assert {row["currency"]: row["exponent"] for row in found} == {code: exponent(code) for code in CURRENCIES}


def test_a_number_that_json_lacks_is_null_at_any_depth(tables: LogTables) -> None:
    sql = "select 1/0.0 as a, [1/0.0, 2, -1/0.0] as b, {k: 0/0.0, t: 'NaN \"Infinity\" \\' } as c, 'NaN' as d"
    (text,) = tables.ask(sql).as_json()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse) == {
        "a": None,
        "b": [None, 2, None],
        "c": {"k": None, "t": 'NaN "Infinity" \\'},
        "d": "NaN",
    }


def test_an_event_is_shown_as_valid_json_for_every_body() -> None:
    odd = replace(entry(paid(1, "USD")), data='{"a": NaN, "b": [-Infinity, "NaN"]}')
    assert odd.as_json()["data"] == {"a": None, "b": [None, "NaN"]}


@pytest.mark.parametrize("by_day", [False, True])
def test_identifiers_in_an_export_are_text(tmp_path: Path, by_day: bool) -> None:
    event = paid(1, "USD")
    target = tmp_path / "events.parquet"
    with open_tables() as live:
        live.add(entry(event))
        live.flush()
        live.write_parquet(target, by_day=by_day)
    files = f"{target}/**/*.parquet" if by_day else str(target)
    kinds = dict(found_in(f"select name, converted_type from parquet_schema('{files}')"))
    names = ("event_id", "stream_id", "tenant", "correlation_id", "causation_id", "command_id")
    assert [kinds[name] for name in names] == ["UTF8"] * len(names)
    assert found_in(f"select stream_id, tenant from '{files}'") == [(str(event.originator_id), str(STORE))]
    with open_export(target) as exported:
        assert rows(exported, "select stream_id from events") == [{"stream_id": str(event.originator_id)}]


def test_an_export_with_binary_identifiers_can_still_be_queried(tmp_path: Path) -> None:
    event, target = paid(1, "USD"), tmp_path / "events.parquet"
    with open_tables() as live:
        live.add(entry(event))
        live.flush()
        live.write_parquet(tmp_path / "text.parquet", by_day=False)
    as_uuid = ", ".join(f"{name}::uuid as {name}" for name in ("event_id", "stream_id", "tenant", "correlation_id"))
    found_in(f"copy (select * replace ({as_uuid}) from '{tmp_path}/text.parquet') to '{target}' (format parquet)")
    with open_export(target) as exported:
        assert rows(exported, "select typeof(stream_id) as t, stream_id as id from order_paid") == [
            {"t": "UUID", "id": str(UUID(str(event.originator_id)))}
        ]


def test_the_script_of_the_manual_adds_up_yen_and_dinars(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", ANALYSTS, re.DOTALL)
    assert found is not None
    # The package's name leads to a consumer with known records; everything else is the manual's own text.
    (tmp_path / "aiokafka.py").write_text(FAKE_CONSUMER)
    (tmp_path / "revenue.py").write_text(found[1])
    done = subprocess.run(
        [sys.executable, "revenue.py", "nowhere:1"], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == {"JPY": "1500", "KWD": "12.500", "USD": "20.00"}


FAKE_CONSUMER = """
import json
from types import SimpleNamespace

def record(minor, currency):
    body = json.dumps({"amount": {"minor": minor, "currency": currency}})
    return SimpleNamespace(headers=[("ce_type", b"order.order_paid.v1")], value=body)

class AIOKafkaConsumer:
    def __init__(self, topic, **settings):
        self.waiting = [{0: [record(1500, "JPY"), record(12500, "KWD"), record(1999, "USD"), record(1, "USD")]}]

    async def __aenter__(self):
        return self

    async def __aexit__(self, *error):
        return None

    async def getmany(self, timeout_ms):
        return self.waiting.pop() if self.waiting else {}
"""
