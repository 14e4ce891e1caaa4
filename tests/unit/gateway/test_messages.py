"""Error messages use the client's names and values."""

from dataclasses import dataclass
from typing import Any

import pytest

from domain.kernel import InvalidInput
from gateway.api.command_request import check_command_texts
from gateway.api.validation import contact_email
from gateway.graphql.schema import build_schema

AT = '{ store(id: "x", asOf: {time: %s}) { name } }'
WITH_VARIABLE = 'query ($time: DateTime) { store(id: "x", asOf: {time: $time}) { name } }'


@pytest.mark.parametrize("time", ["nope", "2020-13-01T00:00:00Z", "5"])
async def test_an_invalid_time_is_rejected_with_a_valid_example(time: str) -> None:
    expected = f"Invalid time {time!r}. Use ISO 8601, such as 2026-11-23T12:00:00Z."
    written = await build_schema().execute(AT % f'"{time}"')
    assert [error.message for error in written.errors or ()] == [expected]
    answer = await build_schema().execute(WITH_VARIABLE, variable_values={"time": time})
    assert [error.message for error in answer.errors or ()] == [f"Variable '$time' has invalid value: {expected}"]


@dataclass
class Command:
    meta_title: str


@pytest.mark.parametrize(
    ("name", "refuse"),
    [
        ("contactEmail", lambda: contact_email("a" * 300)),
        ("metaTitle", lambda: check_command_texts(Command(meta_title="\0"))),
    ],
)
def test_an_error_names_the_field_as_the_client_does(name: str, refuse: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        refuse()
    assert refused.value.field == name
    assert str(refused.value).startswith(f"{name} ")
