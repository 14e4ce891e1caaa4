"""``zyenta doctor``: what is well, what is not, and how far everybody is."""

import fcntl
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from aiokafka.errors import KafkaError
from rich.markup import escape
from rich.table import Table

from infra.adapters.kafka.lag import Lag, consumer_lags, read_model_lags
from infra.adapters.postgres.provenance import foreign_records
from infra.adapters.postgres.vault import count_forgotten_keys
from infra.bootstrap import NotConfigured, open_platform
from infra.bootstrap.consumers import CONSUMERS
from infra.bootstrap.roles import readiness
from infra.cli.output import output, print_json
from infra.cli.platform_settings import settings_of_running
from infra.cli.run_command import run
from infra.embedded.process import ServerFailed
from infra.settings import Settings, read_settings
from projections.engine.postgres_errors import DATABASE_AWAY
from projections.registry import READ_MODELS
from schemas.internal.provenance import ForeignRecord
from schemas.internal.readiness import Check
from schemas.topics import IMAGE_WORK

CONNECT_SECONDS = 3.0
_RETURNED = (
    "{:,} of them have a key again, so their data can be read: a backup brought it back, or nobody runs forgetting-policy. "
    "Stop the publisher and run “zyenta log restore”, which deletes these keys"
)
_FOREIGN = (
    "{:,} records in the topics are not in the event store, so somebody else can write to the broker. They are passed over. "
    "See who may write, then remove them with “zyenta log republish”"
)


class NotRunning(Exception):
    """There is nothing to examine."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(
            f"No platform runs on {data_dir}. Start one with “zyenta up”, or name one in DATABASE_URL and "
            "KAFKA_BOOTSTRAP_SERVERS."
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """What an examination found."""

    checks: list[Check]
    lags: list[Lag]
    foreign: list[ForeignRecord] = field(default_factory=list)
    """Records that somebody else wrote to the topics, as far as readers have met them."""

    @property
    def healthy(self) -> bool:
        return all(check.healthy for check in self.checks)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Send a canary through every part of the platform and name those it does not come out of; show everybody's lag."""
    found = run(lambda _: _examine(), NotRunning, NotConfigured, ServerFailed, OSError)
    if as_json:
        checks, lags = [asdict(check) for check in found.checks], [asdict(lag) for lag in found.lags]
        foreign = [asdict(record) for record in found.foreign]
        print_json({"healthy": found.healthy, "checks": checks, "lags": lags, "foreign": foreign})
    else:
        _show(found)
    if not found.healthy:
        raise typer.Exit(1)


async def _examine() -> Findings:
    _require_running(read_settings())
    async with settings_of_running() as settings, open_platform(settings, migrated=False) as platform:
        try:
            # A pool would wait for a frozen server much longer.
            await (await asyncpg.connect(platform.database_url, timeout=CONNECT_SECONDS)).close()
        except DATABASE_AWAY as error:
            detail = f"it does not answer ({type(error).__name__}); nothing behind it can be judged"
            return Findings([Check(name="postgresql", healthy=False, detail=detail)], [])
        pool = await platform.pool()
        checks = list(await readiness(platform, pool).checks())
        lags: list[Lag] = []
        foreign: list[ForeignRecord] = []
        unwell = {check.name for check in checks if not check.healthy}
        if "postgresql" not in unwell:
            lags.extend(await read_model_lags(pool, tuple(READ_MODELS)))
            if count := await count_forgotten_keys(pool):
                checks.append(Check(name="forgotten shoppers", healthy=False, detail=_RETURNED.format(count)))
            foreign = await foreign_records(pool)
            if foreign:
                checks.append(Check(name="foreign records", healthy=False, detail=_FOREIGN.format(len(foreign))))
        if "broker" not in unwell:
            try:
                groups = [name for name in CONSUMERS if name != "imager"]
                lags.extend(await consumer_lags(platform.bootstrap_servers, groups))
                lags.extend(await consumer_lags(platform.bootstrap_servers, ["imager"], IMAGE_WORK))
            except (KafkaError, *DATABASE_AWAY) as error:
                checks.append(Check(name="lag", healthy=False, detail=f"it cannot be told ({type(error).__name__})"))
        return Findings(checks, lags, foreign)


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


def _show(found: Findings) -> None:
    behind = {lag.group: lag.behind for lag in found.lags}
    table = Table("", "part", "behind", "", box=None)
    for check in found.checks:
        count = "" if check.name not in behind else _count(behind[check.name])
        table.add_row("[green]✓[/]" if check.healthy else "[red]✗[/]", check.name, count, escape(check.detail))
    output.print(table)
    judged = {check.name for check in found.checks}
    for lag in found.lags:
        if lag.group not in judged:
            output.print(f"[yellow]?[/] {lag.group} could not be judged; behind: {_count(lag.behind)}")
    for record in found.foreign:
        output.print(f"[red]foreign[/] {escape(str(record))}", soft_wrap=True)
    output.print(verdict(found), soft_wrap=True)


def verdict(found: Findings) -> str:
    """Return in one line whether the platform works, and what to look at if it does not."""
    unwell = [check.name for check in found.checks if not check.healthy]
    judged = {check.name for check in found.checks}
    unknown = [lag.group for lag in found.lags if lag.group not in judged]
    if unwell:
        return (
            f"[red]Not well:[/] {len(unwell)} of {len(found.checks)} parts: {', '.join(unwell)}. "
            "Their lines above say why; the logs are in the data directory under logs/."
        )
    if unknown:
        return f"[yellow]Well as far as one can tell:[/] {', '.join(unknown)} could not be judged. Ask again."
    return f"[green]All is well:[/] {len(found.checks)} parts work."


def _count(behind: int | None) -> str:
    return "never began" if behind is None else f"{behind:,}"
