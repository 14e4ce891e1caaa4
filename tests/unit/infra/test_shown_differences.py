"""Two long values in a terminal: people see where they begin to differ."""

from infra.cli.generation import LONGEST, shown_apart


def test_values_are_shown_from_a_little_before_their_first_difference() -> None:
    same = "The same words. " * 40
    before, after = shown_apart(f"{same}We send lamps.{same}", f"{same}We send mugs.{same}")
    assert ("We send lamps." in before, "We send mugs." in after) == (True, True)
    assert max(len(before), len(after)) <= LONGEST + 2
    assert (before[0], before[-1]) == ("…", "…")


def test_short_values_are_shown_whole() -> None:
    assert shown_apart("Night lamp", "Night light") == ("Night lamp", "Night light")
    assert shown_apart("(nothing)", "x" * 300) == ("(nothing)", "x" * LONGEST + "…")
