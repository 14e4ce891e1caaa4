"""A payment of owed fees is recorded as it was typed, or not at all; statements are CSV that programs read."""

from uuid import uuid4

import pytest
from typer.testing import CliRunner

from infra.cli.ledger import app, say_csv


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("12.505", "USD"), ("12.5", "JPY"), ("0", "USD"), ("-5", "USD"), ("12,50", "USD"), ("1", "XX")],
)
def test_an_amount_that_cannot_have_been_paid_is_refused(amount: str, currency: str) -> None:
    result = CliRunner().invoke(app, ["paid", "--", str(uuid4()), amount, currency, "INV-1"])
    assert result.exit_code == 2
    assert "Invalid amount" in result.output


def test_a_statement_has_the_line_ends_of_a_terminal_and_no_control_characters(
    capsys: pytest.CaptureFixture[str],
) -> None:
    say_csv("time,book\r\n2026-11-01,\x1b[31m\r\n")
    assert capsys.readouterr().out == "time,book\n2026-11-01,\\x1b[31m\n"
