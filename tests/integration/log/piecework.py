"""Functions that worker processes run in tests. Workers import this module by name."""

import asyncio
from collections.abc import Sequence

from infra.log.partition_pool import Report


async def double(share: Sequence[int], report: Report, plus: int) -> int:
    """Return twice the sum of the share, plus a common number."""
    report(len(share), *share)
    return 2 * sum(share) + plus


async def work_on(share: int, report: Report) -> int:
    """Work until the result is no longer needed."""
    while True:
        report(share)
        await asyncio.sleep(0.01)


async def stumble(share: int, report: Report) -> int:
    """Fail at the second share and keep working on the others."""
    if share == 2:
        raise LookupError("the second share is missing")
    return await work_on(share, report)


async def find_in_the_first(share: int, report: Report) -> int:
    """Finish the first share and keep working on the others."""
    return 1 if share == 1 else await work_on(share, report)
