"""The committed SDL."""

from pathlib import Path

from gateway.graphql.schema import sdl

COMMITTED = Path(__file__).parents[3] / "schemas" / "schema.graphql"


def test_the_committed_schema_equals_the_served_one() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == sdl(), "run “zyenta schemas export” and look at the difference"
