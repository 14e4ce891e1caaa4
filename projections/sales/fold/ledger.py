"""The postings of the events that move money."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from domain.kernel import DomainEvent
from domain.ledger.postings import ENTRIES, Account
from domain.money import within_range
from projections.sales.fold.periods import count_money
from projections.sales.rows import SalesRows
from projections.sales.tables.money import LedgerBalanceRow, LedgerPostingRow


def balances_of(kind: type[DomainEvent]) -> Callable[[Any, UUID], frozenset[tuple[UUID, Account, str]]]:
    """Return the function that returns the keys of the balances that an event of a kind changes."""

    def keys(event: Any, tenant: UUID) -> frozenset[tuple[UUID, Account, str]]:
        entry = ENTRIES[kind](event)
        return frozenset((tenant, each.account, each.currency) for each in entry.postings) if entry else frozenset()

    return keys


def post(rows: SalesRows, kind: type[DomainEvent], event: Any, tenant: UUID) -> None:
    """Add the postings of an event, as its class or that class's mirror, to the book of its tenant.

    The event touches the ``ledger_balances`` that :func:`balances_of` names, and the ``sales_periods`` that
    :func:`projections.sales.fold.periods.periods_of` names.
    """
    entry = ENTRIES[kind](event)
    if entry is None:
        return
    count_money(rows, entry, event.occurred_at, tenant)
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
        account = (tenant, posting.account, posting.currency)
        if account not in rows.ledger_balances:
            rows.ledger_balances[account] = LedgerBalanceRow(*account, minor=0)
        balance = rows.ledger_balances[account]
        balance.minor = within_range(balance.minor + posting.minor)
