"""A wrong name is answered with the one that was meant."""

from zoneinfo import available_timezones

import pytest

from domain.nearest import nearest


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("New York", "America/New_York"),
        ("Europe/Brelin", "Europe/Berlin"),
        ("Tokio", "Asia/Tokyo"),
        ("xq", None),
    ],
)
def test_the_time_zone_that_was_meant_is_found(text: str, name: str | None) -> None:
    assert nearest(text, available_timezones()) == name
