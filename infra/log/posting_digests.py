"""Compares the ledger's postings one by one: a digest of each book first, then the postings of books that differ.

Sums alone do not see two errors that cancel out, a posting in another month, or one under another payment's id.
"""

# ruff: noqa: S608  # the parts are this module's constants; values are arguments

from collections import Counter
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import md5
from itertools import islice
from uuid import UUID

from domain.ledger.postings import ENTRIES, Entry, entry_of
from domain.money import within_range
from infra.adapters.postgres.settled_log import SettledLog
from projections.reading.paging import Reader
from schemas.envelope import RawEvent
from schemas.registry import decode

NAMED_MOST = 20
"""The most postings of a book that are named."""
BOOKS_MOST = 20
"""The most books whose postings are named."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TYPES = frozenset(event.wire_name for event in ENTRIES)
_TEXT = (
    "concat_ws(' ', stream_id, version, line, kind, account, minor, currency, "
    "(extract(epoch from at) * 1000000)::bigint, reference)"
)
"""A posting in one line of text, the same as :func:`_texts` makes."""
_DIGESTS = (
    "select book, count(*) as postings, sum(('x' || substr(md5(text), 1, 15))::bit(60)::bigint)::text as digest "
    f"from (select book, {_TEXT} as text from ledger_postings) posting group by book"
)
_OF_BOOK = f"select {_TEXT} as text from ledger_postings where book = $1"

Digest = tuple[int, int]
"""How many postings a book has, and the sum of a hash of each, which does not depend on their order."""


@dataclass(slots=True)
class PostingDigests:
    """The digests of books, as the event log has them."""

    books: dict[UUID, Digest] = field(default_factory=dict)

    def add(self, stored: RawEvent, at: datetime, entry: Entry) -> None:
        """Add the postings of an event."""
        count, digest = self.books.get(stored.tenant, (0, 0))
        for text in _texts(stored, at, entry):
            count, digest = count + 1, digest + int(md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16)
        self.books[stored.tenant] = count, digest


def _texts(stored: RawEvent, at: datetime, entry: Entry) -> list[str]:
    microseconds = (at - _EPOCH) // timedelta(microseconds=1)
    return [
        f"{stored.stream_id} {stored.version} {line} {entry.kind} {posting.account} {within_range(posting.minor)} "
        f"{posting.currency} {microseconds} {entry.reference}"
        for line, posting in enumerate(entry.postings)
    ]


async def digests_of_read_model(reader: Reader) -> Mapping[UUID, Digest]:
    """Return the digest of each book, as the read model has them."""
    records = await reader.fetch(_DIGESTS)
    return {record["book"]: (record["postings"], int(record["digest"])) for record in records}


def differing(log: Mapping[UUID, Digest], model: Mapping[UUID, Digest]) -> list[UUID]:
    """Return the books whose digests differ."""
    return sorted(book for book in {*log, *model} if log.get(book, (0, 0)) != model.get(book, (0, 0)))


async def name_differences(log: SettledLog, reader: Reader, books: Collection[UUID]) -> list[str]:
    """Return in words which postings of some books only one side has."""
    named = list(islice(books, BOOKS_MOST))
    found: dict[UUID, Counter[str]] = {book: Counter() for book in named}
    async with aclosing(log.scan(0)) as batches:
        async for batch in batches:
            for stored in batch:
                if stored.tenant not in found or stored.type not in _TYPES:
                    continue
                event = decode(stored.type, stored.data)
                if (entry := entry_of(event)) is not None:
                    found[stored.tenant].update(_texts(stored, event.occurred_at, entry))
    differences: list[str] = []
    for book, ours in found.items():
        theirs = Counter(record["text"] for record in await reader.fetch(_OF_BOOK, book))
        sides = (("the log", ours - theirs), ("ledger_postings", theirs - ours))
        lines = [f"Book {book}: only {side} has {_words(text)}" for side, only in sides for text in sorted(only)]
        differences += lines[:NAMED_MOST]
        if len(lines) > NAMED_MOST:
            differences.append(f"Book {book}: {len(lines) - NAMED_MOST} more postings differ.")
    if len(books) > len(named):
        differences.append(f"The postings of {len(books) - len(named)} more books differ.")
    return differences


def _words(text: str) -> str:
    stream, version, line, kind, account, minor, currency, microseconds, *reference = text.split(" ", 8)
    at = (_EPOCH + timedelta(microseconds=int(microseconds))).isoformat()
    return (
        f"posting {line} of event {stream}/{version}: {kind} {''.join(reference)}, {account} {minor} minor units of "
        f"{currency} at {at}."
    )
