"""How many examples a property is tried with: a part in every run, all of them in the long one."""

import os

QUARTER = 4
FULL = os.environ.get("ZYENTA_EXAMPLES") == "full"


def drawn(number: int, *, part: int = QUARTER) -> int:
    """Return how many of a property's examples this run draws.

    Args:
        number: those of the long run, which finds rare cases.
        part: which part of them is drawn in every run; more than four if one example takes long.
    """
    return number if FULL else max(1, number // part)
