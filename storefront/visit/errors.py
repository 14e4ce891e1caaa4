"""Why a request gets an error page instead of the page it asked for."""

from domain.kernel import Transient
from projections.catalog.views import StoreView
from projections.reading.availability import is_database_away


class UnknownHost(Exception):
    """No store has this host."""

    def __init__(self, host: str) -> None:
        super().__init__(host)
        self.host = host


class OtherAddress(Exception):
    """The store has this page at its canonical address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class StoreClosed(Exception):
    """The store is public but sells nothing: it is paused or archived."""

    def __init__(self, store: StoreView) -> None:
        super().__init__(str(store.id))
        self.store = store


class PageMissing(Exception):
    """This store has no such page."""


class PageMoved(Exception):
    """The merchant gave the page another address; it is permanent."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class OrderLinkExpired(Exception):
    """The link to an order is too old; its shopper finds the order by number and e-mail address."""


class ForeignForm(Exception):
    """A form did not come from a page of this store; it changed nothing."""


def is_outage(error: Exception) -> bool:
    """Whether a page failed because the database or another part is away for a moment."""
    return isinstance(error, Transient) or is_database_away(error)
