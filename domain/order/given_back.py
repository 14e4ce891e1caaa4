"""What the rules of an order's standing and of owed refunds both read of its returns and refunds.

The aggregate's state, the rows of read models and their views each have it under these names.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.order.after_sale.state import RefundStatus


class Pieces(Protocol):
    """Pieces of one line."""

    @property
    def variant_id(self) -> UUID: ...

    @property
    def quantity(self) -> int: ...


class GivenBack(Protocol):
    """A return or a withdrawal."""

    @property
    def lines(self) -> Sequence[Pieces]: ...

    @property
    def refund_id(self) -> UUID | None: ...


class PaidBack(Protocol):
    """A refund."""

    @property
    def id(self) -> UUID: ...

    @property
    def status(self) -> RefundStatus: ...

    @property
    def lines(self) -> Sequence[Pieces]: ...
