"""The postings of the events that move money."""

from typing import Any
from uuid import UUID

from domain.kernel import DomainEvent
from domain.ledger.postings import ENTRIES
from domain.money import within_range
from projections.sales.tables import LedgerPostingRow, SalesRows


def post(rows: SalesRows, kind: type[DomainEvent], event: Any, tenant: UUID) -> None:
    """Add the postings of an event, as its class or that class's mirror, to the book of its tenant."""
    entry = ENTRIES[kind](event)
    if entry is None:
        return
    for line, posting in enumerate(entry.postings):
        key = (event.originator_id, event.originator_version, line)
        rows.ledger_postings[key] = LedgerPostingRow(
            stream_id=event.originator_id,
            version=event.originator_version,
            line=line,
            book=tenant,
            kind=entry.kind,
            reference=entry.reference,
            account=posting.account,
            minor=within_range(posting.minor),
            currency=posting.currency,
            at=event.occurred_at,
        )
