"""Reads every store in a log with the lint, as an editor would."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from uuid import UUID

from domain.kernel import DomainEvent
from infra.writers.copykit.lint import lint
from infra.writers.copykit.recorded import recorded_texts
from schemas.envelope import RawEvent


async def faults_in_stores(scan: AsyncIterator[Sequence[RawEvent]]) -> dict[str, list[str]]:
    """Return the lint's findings by the name of the store; a store without fault has an empty list.

    Args:
        scan: the whole log in its order. Stores without a brand yet are left out.
    """
    by_tenant: defaultdict[UUID, list[DomainEvent]] = defaultdict(list)
    async for batch in scan:
        for raw in batch:
            by_tenant[raw.tenant].append(raw.decode().event)
    stores = [texts for events in by_tenant.values() if (texts := recorded_texts(events)) is not None]
    return {store.name: [str(finding) for finding in lint(store)] for store in stores}


def assert_no_faults(found: dict[str, list[str]]) -> None:
    """Fail with a line per finding."""
    lines = [f"{store}: {finding}" for store, findings in found.items() for finding in findings]
    assert not lines, "the lint sends texts back:\n" + "\n".join(lines)
