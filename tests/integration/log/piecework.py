"""What workers do in tests; a module of its own, because workers import it by name."""

import asyncio
from collections.abc import Sequence

from infra.log.partition_pool import Report


async def double(share: Sequence[int], report: Report, plus: int) -> int:
    """Return twice the sum of the share and something for all."""
    report(len(share), *share)
    return 2 * sum(share) + plus


async def work_on(share: int, report: Report) -> int:
    """Work until nobody waits."""
    while True:
        report(share)
        await asyncio.sleep(0.01)


async def stumble(share: int, report: Report) -> int:
    """Fail at the second share, and work on at the others."""
    if share == 2:
        raise LookupError("the second share is missing")
    return await work_on(share, report)


async def find_in_the_first(share: int, report: Report) -> int:
    """Be done with the first share, and work on at the others."""
    return 1 if share == 1 else await work_on(share, report)
