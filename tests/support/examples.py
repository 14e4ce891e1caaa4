"""How many examples a property is tried with: a quarter in every run, all of them in the long one."""

import os

QUARTER = 4
FULL = os.environ.get("ZYENTA_EXAMPLES") == "full"


def drawn(number: int) -> int:
    """Return how many of a property's examples this run draws.

    Args:
        number: those of the long run, which finds rare cases.
    """
    return number if FULL else max(1, number // QUARTER)
