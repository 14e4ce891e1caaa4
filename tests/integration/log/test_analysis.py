"""The log for analysts, on a real Apache Kafka with events that are known: tail, export and query, by the command line."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import duckdb
import pytest
from aiokafka import AIOKafkaProducer

from domain.money import Money
from domain.order.events import OrderPaid
from domain.product.events import PriceChanged, ProductActivated
from domain.store.events import CopyScores, PageType, PageWritten
from infra.adapters.kafka.topic import ensure_topics
from infra.analysis.export import TargetExists, export
from infra.analysis.reading import open_log_reader
from infra.analysis.selection import Selection
from infra.analysis.tables import open_export
from infra.embedded.kafka import ApacheKafka, KafkaUnavailable
from schemas.envelope import RawEvent
from schemas.topics import EVENTS, partition_of
from tests.support.builders.records import headers_of, raw
from tests.support.requirements import missing
from tests.support.servers.command_line import run_command

pytestmark = pytest.mark.kafka

BEGIN = datetime(2025, 11, 20, 22, 0, tzinfo=UTC)
"""Past: a broker refuses records from the future."""
STORES = [uuid4() for _ in range(3)]
COUNT = 120


@dataclass(frozen=True)
class KnownLog:
    """A topic of known events."""

    bootstrap_servers: str
    events: Sequence[RawEvent]

    def run(self, *arguments: str, expect: int = 0) -> str:
        """Run ``zyenta log`` on it and return what it printed."""
        done = run_command(["log", *arguments], environment=self.environment)
        assert done.status == expect, done.stderr
        assert "leaked" not in done.stderr
        return done.stdout if expect == 0 else done.stderr

    @property
    def environment(self) -> dict[str, str]:
        # No database is needed unless a store is named by its slug.
        nowhere = "postgresql://nobody@127.0.0.1:1/none"
        return {
            **os.environ,
            "DATABASE_URL": nowhere,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "COLUMNS": "200",
        }

    def positions(self, *arguments: str) -> list[int]:
        """Return the positions that ``tail`` shows."""
        shown = [json.loads(line) for line in self.run("tail", "--json", *arguments).splitlines()]
        return [entry["position"] for entry in shown if "foreign" not in entry]


def known_events() -> list[RawEvent]:
    """Return events of three stores, one every hour, of four kinds."""
    made: list[RawEvent] = []
    for number in range(COUNT):
        store = STORES[number % 3]
        head: dict[str, Any] = {
            "originator_id": uuid4(), "originator_version": 1, "occurred_at": BEGIN + number * timedelta(hours=1),
        }  # fmt: skip
        kind = number % 4
        if kind == 0:
            money = Money(minor=number * 100)
            event: Any = OrderPaid(**head, intent_id=f"pi_{number}", amount=money, platform_fee=Money(minor=number))
        elif kind == 1:
            event = PriceChanged(**head, price=Money(minor=500), compare_at=None)
        elif kind == 2:
            event = ProductActivated(**head)
        else:
            scores = CopyScores(keyword_density={"lamp": 0.5}, words=number)
            event = PageWritten(
                **head, page_id=store, type=PageType.FAQ, title="Questions “and” answers", slug="faq",
                content="# It's 'quoted'\n\n\"twice\" ünïcode \\ \t", scores=scores, written_by="house",
            )  # fmt: skip
        made.append(raw(event, tenant=store, recorded_at=head["occurred_at"]))
    return made


@pytest.fixture(scope="module")
async def log(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[KnownLog]:
    broker = ApacheKafka(Path(tmp_path_factory.mktemp("analysts")) / "kafka")
    try:
        await broker.start()
    except KafkaUnavailable as why:
        missing("Apache Kafka", str(why))
    try:
        await ensure_topics(broker.bootstrap_servers)
        events = known_events()
        await publish(broker.bootstrap_servers, events, foreign=2)
        yield KnownLog(broker.bootstrap_servers, events)
    finally:
        await broker.kill()


async def publish(bootstrap_servers: str, events: Sequence[RawEvent], *, foreign: int = 0) -> None:
    """Append events like the publisher, in small transactions, with one aborted and some foreign records."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap_servers, transactional_id="analysts")
    await producer.start()
    try:
        for start in range(0, len(events), 7):
            batch = events[start : start + 7]
            await producer.begin_transaction()
            await _send(producer, batch)
            await producer.abort_transaction()
            async with producer.transaction():
                await _send(producer, batch)
                if start == 0:
                    for _ in range(foreign):
                        await producer.send(EVENTS.name, b"not ours", partition=partition_of(batch[0].tenant))
    finally:
        await producer.stop()


async def _send(producer: AIOKafkaProducer, batch: Sequence[RawEvent]) -> None:
    sent = [
        await producer.send(
            EVENTS.name, each.data, key=str(each.tenant).encode(), partition=partition_of(each.tenant),
            timestamp_ms=int(each.recorded_at.timestamp() * 1000),
            headers=headers_of(each),
        )
        for each in batch
    ]  # fmt: skip
    await asyncio.gather(*sent)


def positions_of(events: Sequence[RawEvent]) -> list[int]:
    return [event.position for event in events]


def test_tail_shows_the_last_events_in_the_order_of_the_log(log: KnownLog) -> None:
    assert log.positions("--last", "15") == positions_of(log.events[-15:])
    lines = log.run("tail", "--last", "2").splitlines()
    assert "product.product_activated.v1" in lines[0]
    assert "title=Questions “and” answers" in lines[1]


def test_tail_names_foreign_records(log: KnownLog) -> None:
    shown = [json.loads(line) for line in log.run("tail", "--json", "--from", "start").splitlines()]
    foreign = [entry for entry in shown if "foreign" in entry]
    assert len(foreign) == 2
    assert all({"topic", "partition", "offset", "reason"} <= set(entry) for entry in foreign)


def test_tail_starts_at_the_given_place_and_shows_only_selected_events(log: KnownLog) -> None:
    assert log.positions("--from", "start") == positions_of(log.events)
    assert log.positions("--from", str(log.events[100].position)) == positions_of(log.events[100:])
    assert log.positions("--from", "2025-11-24T12:30:00Z") == positions_of(log.events[87:])
    assert log.positions("--from", "20251124") == log.positions("--from", "2025-11-24T00:00:00Z") != []
    of_store = [event for event in log.events if event.tenant == STORES[1]]
    assert log.positions("--from", "start", "--store", str(STORES[1])) == positions_of(of_store)
    paid = [event for event in log.events if event.type.startswith("order.")]
    assert log.positions("--last", "5", "--type", "OrderPaid") == positions_of(paid[-5:])


def test_tail_looks_back_as_far_as_it_must(log: KnownLog) -> None:
    both = [event for event in log.events if event.type.startswith("order.") and event.tenant == STORES[0]]
    assert log.positions("--last", "1000", "--type", "order.*", "--store", str(STORES[0])) == positions_of(both)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--type", "order_payed"), "or order_paid"),
        (("--from", "yesterday-ish"), "Invalid time"),
        (("--type", "xyzzyx"), "/events"),
    ],
)
def test_an_invalid_selection_is_explained(log: KnownLog, arguments: Sequence[str], says: str) -> None:
    assert says in log.run("tail", *arguments, expect=1)


async def test_tail_follows_until_it_is_stopped(log: KnownLog) -> None:
    following = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "infra.cli", "log", "tail", "--follow", "--last", "1", "--json", "--type", "price_changed",
        env=log.environment, stdout=asyncio.subprocess.PIPE, limit=1 << 20,
    )  # fmt: skip
    assert following.stdout is not None
    async with asyncio.timeout(30):
        first = json.loads(await following.stdout.readline())
        later = PriceChanged(
            originator_id=uuid4(), originator_version=9, occurred_at=BEGIN, price=Money(minor=1), compare_at=None
        )
        tenant = uuid4()
        try:
            # Recorded before all others, so that no other test of this module selects it.
            event = raw(later, tenant=tenant, recorded_at=BEGIN - timedelta(days=9), position=0)
            await publish(log.bootstrap_servers, [event])
            second = json.loads(await following.stdout.readline())
        finally:
            following.send_signal(signal.SIGINT)
            status = await following.wait()
    assert (first["type"], second["tenant"], second["data"]["price"]) == (
        "product.price_changed.v1", str(tenant), {"minor": 1, "currency": "USD"},
    )  # fmt: skip
    assert status == 0


SINCE = "--since=2025-11-20"


def test_an_export_holds_every_event_in_order_with_typed_columns(log: KnownLog, tmp_path: Path) -> None:
    target = tmp_path / "exports" / "events.parquet"
    told = json.loads(log.run("export", "--to", str(target), SINCE, "--json"))
    assert (told["events"], told["files"], told["size_bytes"]) == (COUNT, 1, target.stat().st_size)
    with duckdb.connect() as connection:
        found = connection.execute(f"from '{target}'").description
        assert {name: str(kind) for name, kind, *_ in found}.items() >= {
            "position": "BIGINT", "event_id": "VARCHAR", "stream_version": "INTEGER", "tenant": "VARCHAR",
            "occurred_at": "TIMESTAMP WITH TIME ZONE", "data": "VARCHAR", "hash": "BLOB",
        }.items()  # fmt: skip
        rows = connection.execute(
            f"select position, event_id, data, hash, epoch_us(recorded_at) from '{target}'"
        ).fetchall()
    assert rows == [
        (event.position, str(event.id), event.data.decode(), event.hash, int(event.recorded_at.timestamp() * 1_000_000))
        for event in log.events
    ]


def test_an_export_by_day_has_a_directory_for_each_utc_day(log: KnownLog, tmp_path: Path) -> None:
    target = tmp_path / "days"
    paid = [event for event in log.events if event.type == "order.order_paid.v1"]
    told = json.loads(log.run("export", "--to", str(target), "--partition-by", "day", "--type", "order_paid", "--json"))
    days = {event.recorded_at.date().isoformat() for event in paid}
    assert told["events"] == len(paid)
    assert {path.name for path in target.iterdir()} == {f"day={day}" for day in days}
    answer = json.loads(log.run("query", "select count(*) as n from order_paid", "--from", str(target), "--json"))
    assert answer["rows"] == [{"n": len(paid)}]


def test_an_export_of_a_time_and_a_store_has_nothing_else(log: KnownLog, tmp_path: Path) -> None:
    target = tmp_path / "some.parquet"
    log.run("export", "--to", str(target), "--since", "2025-11-21", "--until", "2025-11-22", "--store", str(STORES[2]))
    wanted = [event for event in log.events if event.tenant == STORES[2] and event.recorded_at.day == 21]
    with duckdb.connect() as connection:
        rows = connection.execute(f"select position from '{target}'").fetchall()
    assert rows == [(event.position,) for event in wanted]
    assert 0 < len(wanted) < 40


async def test_an_export_replaces_nothing_without_overwrite_and_is_never_partial(log: KnownLog, tmp_path: Path) -> None:
    target = tmp_path / "events.parquet"
    target.write_text("precious")
    async with open_log_reader(log.bootstrap_servers, Selection()) as reader:
        with pytest.raises(TargetExists):
            await export(reader, target, by_day=False, overwrite=False)
        assert target.read_text() == "precious"
        written = await export(reader, target, by_day=False, overwrite=True)
    assert written.foreign == 2
    assert written.events >= COUNT
    assert [path.name for path in tmp_path.iterdir()] == ["events.parquet"]


async def test_an_empty_export_can_be_queried(log: KnownLog, tmp_path: Path) -> None:
    for by_day in (False, True):
        target = tmp_path / f"none-{by_day}.parquet"
        async with open_log_reader(log.bootstrap_servers, Selection(tenant=UUID(int=5))) as reader:
            assert (await export(reader, target, by_day=by_day, overwrite=False)).events == 0
    with open_export(tmp_path / "none-False.parquet") as tables:
        assert tables.ask("select count(*) as n from order_paid").as_text(5) == [("0",)]


def ask(log: KnownLog, sql: str, *arguments: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(log.run("query", sql, "--json", *arguments))["rows"]
    return rows


def test_a_query_sees_every_kind_of_event_as_a_table_with_typed_columns(log: KnownLog) -> None:
    sql = "select count(*) as n, sum(amount.minor) as cents, min(occurred_at::date) as first from order_paid"
    cents = sum(number * 100 for number in range(0, COUNT, 4))
    assert ask(log, sql) == [{"n": COUNT // 4, "cents": cents, "first": "2025-11-20"}]
    sql = "select scores.keyword_density['lamp'] as share, scores.words as words, content from page_written where scores.words = 7"
    assert ask(log, sql) == [{"share": 0.5, "words": 7, "content": "# It's 'quoted'\n\n\"twice\" ünïcode \\ \t"}]
    described = {row["column_name"]: row["column_type"] for row in ask(log, "describe price_changed")}
    assert described["price"] == "STRUCT(minor BIGINT, currency VARCHAR, major DECIMAL(23,3))"
    assert described["recorded_at"] == "TIMESTAMP WITH TIME ZONE"


def test_a_query_can_join_all_events_and_be_narrowed(log: KnownLog) -> None:
    sql = "select e.type, count(*) as n from events e left join order_paid p using (event_id) group by all order by 1"
    counted = ask(log, sql, SINCE, "--store", str(STORES[0]))
    expected = dict.fromkeys((event.type for event in log.events), 10)
    assert {row["type"]: row["n"] for row in counted} == expected
    before = ask(log, "select max(position) as last from events", "--until", "2025-11-21T00:00:00Z")
    assert before == [{"last": log.events[1].position}]


def test_an_invalid_query_gets_the_message_of_duckdb(log: KnownLog) -> None:
    assert "Candidate bindings" in log.run("query", "select intent from order_paid", expect=1)
    assert "Did you mean" in log.run("query", "select * from order_payed", expect=1)
    assert "must be exactly one query" in log.run("query", "select 1; select 2", expect=1)
    assert "--from /nowhere.parquet does not exist" in log.run(
        "query", "select 1", "--from", "/nowhere.parquet", expect=1
    )


@pytest.mark.parametrize(
    ("statement", "exported"),
    [
        ("copy events to '{target}'", False),
        ("copy events to '{target}'", True),
        ("create table mine as from events", False),
        ("explain select 1", False),
    ],
)
def test_a_statement_that_writes_is_rejected_before_it_runs(
    log: KnownLog, tmp_path: Path, statement: str, exported: bool
) -> None:
    source = tmp_path / "events.parquet"
    if exported:
        log.run("export", "--to", str(source))
    told = log.run(
        "query", statement.format(target=tmp_path / "x.csv"), *(("--from", str(source)) if exported else ()), expect=1
    )
    assert told == (
        "zyenta: Invalid SQL: it must be exactly one query. Use select …, show tables, or describe order_paid.\n"
    )
    assert not (tmp_path / "x.csv").exists()


def test_a_pivot_is_a_query(log: KnownLog) -> None:
    (row,) = ask(log, "pivot (select type from events) on type using count(*)")
    assert set(row) == {event.type for event in log.events}


def test_an_export_must_have_the_suffix_of_its_format(log: KnownLog, tmp_path: Path) -> None:
    told = log.run("export", "--to", str(tmp_path / "x.csv"), expect=2)
    assert "Use x.parquet" in " ".join(told.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []


def test_a_table_for_people_says_null_and_aligns_numbers(log: KnownLog) -> None:
    shown = log.run("query", "select position, compare_at from price_changed order by 1 limit 2; -- the first two")
    assert "null" in shown
    assert str(log.events[1].position) in shown
