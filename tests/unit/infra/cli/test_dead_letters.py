"""Dead letters on a narrow terminal."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.cli.dlq import show
from schemas.internal.deliveries import DeadLetter

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_the_id_of_a_letter_has_a_line_of_its_own_and_is_not_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    letter = DeadLetter(
        group="projector-catalog",
        topic="zyenta.events",
        partition=1,
        offset=4,
        key=b"key",
        value=b"{}",
        headers=(("ce_type", b"store.brand_generated.v1"), ("ce_id", b"0198c0de-0000-7000-8000-000000000000")),
        reason="The [media] store is full, and this reason is long enough for more than one line.",
        traceback_digest="",
        count=5,
        parked_at=NOW - timedelta(minutes=3),
    )
    show([letter], NOW)
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == letter.id
    assert len(lines[0]) > 40
    assert "[media]" in " ".join(lines)
    assert lines[-1] == "1 letter"
