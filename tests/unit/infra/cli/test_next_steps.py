"""What commands print for people: next steps, verdicts, tables of figures and progress."""

import asyncio
import io
import json
from pathlib import Path

import pytest
from graphql import parse, validate
from rich.console import Console
from typer.testing import CliRunner

from infra.adapters.master_keys import MasterKeys
from infra.bench.benches import BENCHES
from infra.bench.figures import Bench, Outcome, Target
from infra.cli import command_line
from infra.cli.bench import show, shown_progress, table_of
from infra.cli.doctor import Findings, sealed_under, show_findings, verdict
from infra.cli.services import REGISTER, REQUEST_STORE, next_steps, resolver_hint
from infra.settings import Settings
from schemas.internal.readiness import Check
from tests.support.schema import published_schema

ROOT = Path(__file__).parents[4]
HEALTHY, UNHEALTHY = (
    Check(name="gateway", healthy=True, detail=""),
    Check(name="publisher", healthy=False, detail="silent"),
)
MACHINE = {"cpu": "A processor", "cores": 2, "memory_gb": 4.0, "python": "3.11", "postgres": "18", "kafka": "4.1"}
SETTINGS = Settings(_env_file=None, gateway_url="http://127.0.0.1:8000", storefront_domain="localhost:8080")


def printed(*parts: object, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO())
    console.print(*parts)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.parametrize("document", [REGISTER, REQUEST_STORE])
def test_the_mutations_that_up_suggests_are_valid(document: str) -> None:
    schema = published_schema()
    assert validate(schema, parse(document)) == []


def test_up_prints_the_next_steps_and_how_to_inspect_the_platform() -> None:
    steps = next_steps(SETTINGS)
    assert "in the mailbox above" in steps
    assert "type what the shop will sell" in steps
    assert "type what the shop will sell" not in next_steps(SETTINGS, has_shop=True)
    assert "in the mailbox" not in next_steps(SETTINGS.model_copy(update={"smtp_url": "smtp://mail.example"}))
    assert f"\n    {REGISTER}\n" in steps, "a line to copy must stand alone"
    assert steps.index("/dashboard") < steps.index("/graphql"), "the dashboard comes first"
    for part in ("http://127.0.0.1:8000/graphql", "register(", "requestStore(", "zyenta doctor", "zyenta log tail"):
        assert part in steps


def test_the_storefront_address_comes_with_a_hint_for_resolvers_without_localhost_names() -> None:
    hint = resolver_hint(SETTINGS, "lamps")
    assert hint is not None
    assert 'curl -H "Host: lamps.localhost:8080" http://127.0.0.1:8080/' in hint
    assert resolver_hint(SETTINGS.model_copy(update={"storefront_domain": "shops.example"}), "lamps") is None


@pytest.mark.parametrize(
    ("checks", "start"),
    [
        ([HEALTHY], "Healthy: all 1 parts work."),
        ([HEALTHY, UNHEALTHY], "Unhealthy: 1 of 2 parts: publisher."),
    ],
)
def test_the_doctor_ends_with_a_verdict(checks: list[Check], start: str) -> None:
    assert printed(verdict(Findings(checks, [])), width=300).startswith(start)


def test_the_doctor_lists_what_is_not_for_real_money_as_advice(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings(Findings([HEALTHY], [], not_for_production=["Payments are the sandbox; set a key."]))
    shown = capsys.readouterr().out
    assert "Before money is real (ZYENTA_PRODUCTION=true):\n  - Payments are the sandbox; set a key." in shown
    assert "Healthy: all 1 parts work." in shown


def test_the_doctor_lists_webhooks_about_no_merchant_and_is_healthy(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings(Findings([HEALTHY], [], unmatched=["2026-11-30 00:10 UTC, stripe, account.updated, evt_1"]))
    shown = capsys.readouterr().out
    assert "  - 2026-11-30 00:10 UTC, stripe, account.updated, evt_1" in shown
    assert "Healthy: all 1 parts work." in shown


def test_the_doctor_lists_refunds_without_an_outcome_and_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    line = "2026-11-20 00:10 UTC, order ZY-7Q2M4K (1), payment pi_1, which the log does not have"
    show_findings(Findings([HEALTHY], [], overdue_refunds=[line]))
    shown = capsys.readouterr().out
    assert "has not said for 5 days how they ended" in shown
    assert f"  - {line}" in shown
    assert "Healthy: all 1 parts work." in shown


@pytest.mark.parametrize("bench", BENCHES.values(), ids=list(BENCHES))
@pytest.mark.parametrize("width", [40, 80])
def test_a_bench_does_not_cut_the_names_of_its_figures(bench: Bench, width: int) -> None:
    names = {name for target in bench.targets for name in (target.figure, target.limit) if name}
    outcome = Outcome(
        bench=bench.name, figures=dict.fromkeys(names, 1234567.0), ratios={}, settings=bench.full, machine=MACHINE
    )
    console = Console(width=width, file=io.StringIO())
    show(table_of(bench, outcome), console)
    assert isinstance(console.file, io.StringIO)
    words = set(console.file.getvalue().split())
    assert names <= words


@pytest.mark.parametrize("bench", BENCHES.values(), ids=list(BENCHES))
def test_the_figures_of_a_bench_fit_into_80_columns(bench: Bench) -> None:
    names = {name for target in bench.targets for name in (target.figure, target.limit) if name}
    outcome = Outcome(
        bench=bench.name, figures=dict.fromkeys(names, 123456.0), ratios={}, settings=bench.full, machine=MACHINE
    )
    console = Console(width=80, file=io.StringIO())
    show(table_of(bench, outcome), console)
    assert isinstance(console.file, io.StringIO)
    assert max(len(line.rstrip()) for line in console.file.getvalue().splitlines()) <= 80


def test_a_figure_with_a_long_name_is_not_cut() -> None:
    long = "a_name_that_is_longer_than_any_figure_of_today_per_s"
    bench = next(iter(BENCHES.values()))
    custom = Bench(
        name="x",
        about="y",
        measure=bench.measure,
        full={},
        quick={},
        targets=[Target(figure=long, limit=long, share=2)],
    )
    console = Console(width=80, file=io.StringIO())
    show(table_of(custom, Outcome(bench="x", figures={long: 1.0}, ratios={}, settings={}, machine=MACHINE)), console)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().split().count(long) == 2


def test_bench_without_a_name_lists_the_benches() -> None:
    listed = CliRunner().invoke(command_line(), ["bench"])
    assert listed.exit_code == 0
    assert [line.split()[0] for line in listed.stdout.splitlines()] == list(BENCHES)
    as_json = CliRunner().invoke(command_line(), ["bench", "--json"])
    assert [each["name"] for each in json.loads(as_json.stdout)] == list(BENCHES)


async def test_a_bench_shows_its_progress_without_a_terminal() -> None:
    console = Console(width=80, file=io.StringIO())
    assert isinstance(console.file, io.StringIO)
    async with shown_progress(console, "append") as report:
        report("starting the servers")
        async with asyncio.timeout(30):
            while "append: starting the servers … 0 s" not in console.file.getvalue():
                await asyncio.sleep(0.01)


def test_the_doctor_counts_secrets_under_former_master_keys_and_fails_for_unknown_ones() -> None:
    new, old = MasterKeys([b"n" * 32]), MasterKeys([b"o" * 32])
    both = MasterKeys([b"n" * 32, b"o" * 32])
    assert sealed_under({new.current: 7, old.current: 2}, both) == ([], 2)
    (check,), former = sealed_under({new.current: 7, old.current: 2}, new)
    assert (check.healthy, former) == (False, 0)
    assert f"2 under key {old.current}" in check.detail
