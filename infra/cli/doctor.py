"""``zyenta doctor``: check every part of the platform and show consumer lag."""

import fcntl
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from aiokafka.errors import KafkaError
from rich.markup import escape
from rich.table import Table

from commands.inbox import UNMATCHED_WEBHOOKS, matched_stream
from domain.inbox.events import WebhookReceived
from domain.order.refunds import OVERDUE_AFTER
from gateway.log_ports import StreamHistory
from infra.adapters.kafka.lag import Lag, consumer_lags, read_model_lags
from infra.adapters.master_keys import MasterKeys
from infra.adapters.postgres.provenance import foreign_records
from infra.adapters.postgres.rewrapping import rows_by_key
from infra.adapters.postgres.settled_log import SettledLog
from infra.adapters.postgres.vault import count_forgotten_keys
from infra.bootstrap import NotConfigured, open_platform
from infra.bootstrap.consumers import CONSUMERS
from infra.bootstrap.gateway import readiness
from infra.cli.output import output, print_json
from infra.cli.platform_settings import configured_settings, settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.production import faults
from infra.settings import Settings, read_settings
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.reading.paging import Reader
from projections.reading.scope import SYSTEM
from projections.registry import READ_MODELS
from projections.sales.unfinished_queries import overdue_refunds
from schemas.internal.provenance import ForeignRecord
from schemas.internal.readiness import Check
from schemas.topics import IMAGE_WORK

CONNECT_SECONDS = 3.0
UNMATCHED_SHOWN = 5
"""Most webhooks about no merchant here that are listed."""
REFUNDS_SHOWN = 5
"""Most refunds without an outcome that are listed."""
UNMATCHED_READ = 100
"""Webhooks that one look into the log reads."""
_UNMATCHED = (
    "The newest webhooks about accounts that no merchant here has. They changed nothing. When a merchant connects such an "
    "account, its webhooks are handled:"
)
_OVERDUE = (
    f"Refunds of which the payment provider has not said for {OVERDUE_AFTER.days} days how they ended. Their merchants see "
    "them in the dashboard. Compare them with the provider, and look for dead letters (zyenta dlq list):"
)
_RETURNED = (
    "{:,} forgotten shoppers have a key again, so their data is readable. A backup restored the keys, or forgetting-policy "
    "does not run. Stop the publisher and run “zyenta log restore”, which deletes these keys"
)
_FOREIGN = (
    "{:,} records in the topics are not in the event store, so another client can write to the broker. Readers skip them. "
    "Restrict write access, then remove the records with “zyenta log republish”"
)

_LOCKED = (
    "rows are sealed under master keys that ZYENTA_MASTER_KEYS does not name, so nothing opens them: {}. Add each of these "
    "keys behind the current one"
)
_FORMER = "{:,} stored secrets are sealed under a former master key. Seal them under the current one with “zyenta secrets rewrap”."


class NotRunning(Exception):
    """No platform runs on the data directory, and none is configured."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"No platform runs on {data_dir}. Start one with “zyenta up”, or set DATABASE_URL and KAFKA_BOOTSTRAP_SERVERS."
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of all checks."""

    checks: list[Check]
    lags: list[Lag]
    foreign: list[ForeignRecord] = field(default_factory=list)
    """Records in the topics that the platform did not write, as far as readers have met them."""
    unmatched: list[str] = field(default_factory=list)
    """Newest signed webhooks about accounts that no merchant here has."""
    overdue_refunds: list[str] = field(default_factory=list)
    """Oldest refunds of which the payment provider has not said in time how they ended."""
    under_former_keys: int = 0
    """Rows that are sealed under a former master key."""
    not_for_production: list[str] = field(default_factory=list)
    """What is not made for real money. It is advice: the platform works."""

    @property
    def healthy(self) -> bool:
        """Whether all checks passed."""
        return all(check.healthy for check in self.checks)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Check every part of the platform and show how far each consumer is behind the log.

    The check sends a test event (a canary) through every part. Exit status 1: a part does not work.
    """
    findings = run(lambda _: _examine(), NotRunning, NotConfigured, ServerFailed, OSError)
    findings = replace(findings, not_for_production=faults(configured_settings()))
    if as_json:
        checks, lags = [asdict(check) for check in findings.checks], [asdict(lag) for lag in findings.lags]
        foreign = [asdict(record) for record in findings.foreign]
        print_json(
            {
                "healthy": findings.healthy,
                "checks": checks,
                "lags": lags,
                "foreign": foreign,
                "unmatched_webhooks": findings.unmatched,
                "overdue_refunds": findings.overdue_refunds,
                "under_former_keys": findings.under_former_keys,
                "not_for_production": findings.not_for_production,
            }
        )
    else:
        show_findings(findings)
    if not findings.healthy:
        raise typer.Exit(1)


async def _examine() -> Findings:
    _require_running(read_settings())
    async with settings_of_running() as settings, open_platform(settings, migrated=False) as platform:
        try:
            # A pool would wait much longer for a frozen server.
            await (await asyncpg.connect(platform.database_url, timeout=CONNECT_SECONDS)).close()
        except DATABASE_AWAY as error:
            detail = f"does not answer ({type(error).__name__}); parts that depend on it were not checked"
            return Findings([Check(name="postgresql", healthy=False, detail=detail)], [])
        pool = await platform.pool()
        checks = list(await readiness(platform, pool).checks())
        lags: list[Lag] = []
        foreign: list[ForeignRecord] = []
        unmatched: list[str] = []
        refunds: list[str] = []
        former = 0
        unhealthy = {check.name for check in checks if not check.healthy}
        if "postgresql" not in unhealthy:
            lags.extend(await read_model_lags(pool, tuple(READ_MODELS)))
            if count := await count_forgotten_keys(pool):
                checks.append(Check(name="forgotten shoppers", healthy=False, detail=_RETURNED.format(count)))
            locked, former = sealed_under(await rows_by_key(pool), platform.keys())
            checks.extend(locked)
            unmatched = await unmatched_webhooks(SettledLog(pool))
            refunds = await refunds_without_outcome(pool, platform.clock.now())
            foreign = await foreign_records(pool)
            if foreign:
                checks.append(Check(name="foreign records", healthy=False, detail=_FOREIGN.format(len(foreign))))
        if "broker" not in unhealthy:
            try:
                groups = [name for name in CONSUMERS if name != "imager"]
                lags.extend(await consumer_lags(platform.bootstrap_servers, groups))
                lags.extend(await consumer_lags(platform.bootstrap_servers, ["imager"], IMAGE_WORK))
            except (KafkaError, *DATABASE_AWAY) as error:
                checks.append(Check(name="lag", healthy=False, detail=f"cannot be measured ({type(error).__name__})"))
        return Findings(checks, lags, foreign, unmatched, refunds, former)


def sealed_under(rows: Mapping[str, int], keys: MasterKeys) -> tuple[list[Check], int]:
    """Return a failed check if rows are under unknown master keys, and how many are under former ones."""
    unknown = {id: count for id, count in rows.items() if id not in keys.ids}
    former = sum(count for id, count in rows.items() if id in keys.ids and id != keys.current)
    listed = ", ".join(f"{count:,} under key {id}" for id, count in sorted(unknown.items()))
    return [Check(name="master keys", healthy=False, detail=_LOCKED.format(listed))] if unknown else [], former


async def unmatched_webhooks(log: StreamHistory) -> list[str]:
    """Describe the newest webhooks about accounts that no merchant here has."""
    lines: list[str] = []
    before = None
    while len(lines) < UNMATCHED_SHOWN and (page := await log.read_back(UNMATCHED_WEBHOOKS, before, UNMATCHED_READ)):
        before = page[-1].position
        received = [
            (event, raw.recorded_at) for raw in page if isinstance(event := raw.decode().event, WebhookReceived)
        ]
        streams = {matched_stream(event.source, event.external_id): (event, at) for event, at in received}
        matched = {raw.stream_id for raw in await log.read_streams(list(streams))}
        lines.extend(
            f"{at:%Y-%m-%d %H:%M} UTC, {event.source}, {event.type}, {event.external_id}"
            for stream, (event, at) in streams.items()
            if stream not in matched
        )
    return lines[:UNMATCHED_SHOWN]


async def refunds_without_outcome(db: Reader, now: datetime) -> list[str]:
    """Describe the oldest refunds of which the payment provider should have said by now how they ended."""
    try:
        found = await overdue_refunds(db, now - OVERDUE_AFTER, scope=SYSTEM, limit=REFUNDS_SHOWN)
    except asyncpg.UndefinedTableError:
        # The checks name a read model that is not made yet.
        return []
    return [
        f"{each.requested_at:%Y-%m-%d %H:%M} UTC, order {each.order_number} ({each.order_id}), payment {each.intent_id}"
        + ("" if each.is_payment_known else ", which the log does not have")
        for each in found
    ]


def _require_running(settings: Settings) -> None:
    if settings.database_url and settings.kafka_bootstrap_servers:
        return
    lock = settings.data_dir.absolute() / "lock"
    if lock.exists():
        with lock.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return
    raise NotRunning(settings.data_dir.absolute())


def show_findings(findings: Findings) -> None:
    """Print what the checks found."""
    behind = {lag.group: lag.behind for lag in findings.lags}
    table = Table("", "part", "behind", "", box=None)
    for check in findings.checks:
        count = "" if check.name not in behind else _count(behind[check.name])
        table.add_row("[green]✓[/]" if check.healthy else "[red]✗[/]", check.name, count, escape(check.detail))
    output.print(table)
    checked = {check.name for check in findings.checks}
    for lag in findings.lags:
        if lag.group not in checked:
            output.print(f"[yellow]?[/] {lag.group} could not be checked; behind: {_count(lag.behind)}")
    for record in findings.foreign:
        output.print(f"[red]foreign[/] {escape(str(record))}", soft_wrap=True)
    _show_list(_UNMATCHED, findings.unmatched)
    _show_list(_OVERDUE, findings.overdue_refunds)
    if findings.under_former_keys:
        output.print(_FORMER.format(findings.under_former_keys), soft_wrap=True)
    _show_list("Before money is real (ZYENTA_PRODUCTION=true):", findings.not_for_production)
    output.print(verdict(findings), soft_wrap=True)


def _show_list(title: str, lines: Sequence[str]) -> None:
    if lines:
        output.print(title, soft_wrap=True)
    for line in lines:
        output.print(f"  - {escape(line)}", soft_wrap=True)


def verdict(findings: Findings) -> str:
    """Return one line: whether the platform works and, if not, where to look."""
    unhealthy = [check.name for check in findings.checks if not check.healthy]
    checked = {check.name for check in findings.checks}
    unknown = [lag.group for lag in findings.lags if lag.group not in checked]
    if unhealthy:
        return (
            f"[red]Unhealthy:[/] {len(unhealthy)} of {len(findings.checks)} parts: {', '.join(unhealthy)}. "
            "The lines above say why. Logs are in the data directory under logs/."
        )
    if unknown:
        return f"[yellow]No problem found, but some parts were not checked:[/] {', '.join(unknown)}. Run it again."
    return f"[green]Healthy:[/] all {len(findings.checks)} parts work."


def _count(behind: int | None) -> str:
    return "not started" if behind is None else f"{behind:,}"
