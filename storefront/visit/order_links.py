"""Order links: the part of an address by which only an order's shopper can ask for it."""

from uuid import UUID

from storefront.visit.errors import PageMissing
from storefront.visit.signing import Signer, Tampered


class OrderLinks:
    """The order links of one store."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def to(self, order_id: UUID) -> str:
        """Return the link to an order."""
        return self._signer.seal(order_id.hex)

    def order_of(self, link: str) -> UUID:
        """Return the order that a link leads to.

        Raises:
            PageMissing: :meth:`to` did not make this link.
        """
        try:
            return UUID(self._signer.open(link))
        except (Tampered, ValueError) as error:
            raise PageMissing from error
