"""Order links: the part of an address by which only an order's shopper can ask for it."""

from datetime import datetime
from uuid import UUID

from storefront.visit.errors import OrderLinkExpired, PageMissing
from storefront.visit.signing import Expired, Signer, Tampered


class OrderLinks:
    """The order links of one store."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def to(self, order_id: UUID, *, at: datetime | None = None) -> str:
        """Return the link to an order.

        Args:
            order_id: of the order.
            at: from when the link's age counts, now by default. Pages give the time of the order, so that its links are equal.
        """
        return self._signer.seal(order_id.hex, at=at)

    def order_of(self, link: str) -> UUID:
        """Return the order that a link leads to.

        Raises:
            OrderLinkExpired: the link is too old.
            PageMissing: :meth:`to` did not make this link.
        """
        try:
            return UUID(self._signer.open(link))
        except Expired as error:
            raise OrderLinkExpired from error
        except (Tampered, ValueError) as error:
            raise PageMissing from error
