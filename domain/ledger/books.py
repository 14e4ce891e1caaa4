"""Books: the balances of accounts, and the rule that must hold after every entry."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from domain.ledger.postings import Account, Entry


class Unbalanced(Exception):
    """Debits and credits of an entry differ. It is a bug in the postings; retrying cannot help."""

    def __init__(self, entry: Entry, currency: str, minor: int) -> None:
        super().__init__(f"The entry {entry.kind} of {entry.reference} is off by {minor} minor units of {currency}.")


@dataclass(slots=True)
class Books:
    """The balances of all books, in minor units."""

    balances: defaultdict[tuple[UUID, str, Account], int] = field(default_factory=lambda: defaultdict(int))
    """By book, currency and account."""
    entries: int = 0

    def post(self, book: UUID, entry: Entry) -> None:
        """Post an entry.

        Raises:
            Unbalanced: debits and credits differ in a currency.
        """
        sums: defaultdict[str, int] = defaultdict(int)
        for posting in entry.postings:
            sums[posting.currency] += posting.minor
            self.balances[book, posting.currency, posting.account] += posting.minor
        for currency, minor in sums.items():
            if minor:
                raise Unbalanced(entry, currency, minor)
        self.entries += 1

    def sums(self) -> Mapping[tuple[UUID, str], int]:
        """Return the sum of all accounts by book and currency; each is zero."""
        sums: defaultdict[tuple[UUID, str], int] = defaultdict(int)
        for (book, currency, _), minor in self.balances.items():
            sums[book, currency] += minor
        return sums
