"""An order owes a refund from a withdrawal, a return that came back, or its cancellation, until one is requested."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.owed_refund import owed_since, refund_owed_since
from tests.support.builders.samples import NOON

VARIANT, OTHER, REFUND = UUID(int=1), UUID(int=2), UUID(int=3)
DAY = timedelta(days=1)
WITHDRAWAL, RETURN = ReturnKind.WITHDRAWAL, ReturnKind.RETURN


@dataclass(frozen=True)
class Back:
    """A piece that comes back, decided at noon and received a day later."""

    kind: ReturnKind
    status: ReturnStatus
    refund_id: UUID | None = None
    decided_at: datetime = NOON

    @property
    def lines(self) -> list[ReturnedPieces]:
        return [ReturnedPieces(variant_id=VARIANT, quantity=1)]

    @property
    def owed_since(self) -> datetime | None:
        return owed_since(self.kind, self.status, decided_at=self.decided_at, received_at=NOON + DAY)


@dataclass(frozen=True)
class Refund:
    """A refund of one piece."""

    status: RefundStatus
    id: UUID = REFUND
    variant_id: UUID = VARIANT
    requested_at: datetime = NOON + DAY

    @property
    def lines(self) -> list[RefundedPieces]:
        return [RefundedPieces(variant_id=self.variant_id, quantity=1, restock=False)]


@pytest.mark.parametrize(
    ("returns", "refunds", "since"),
    [
        ([], [], None),
        ([Back(WITHDRAWAL, ReturnStatus.REQUESTED)], [], None),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED)], [], NOON),
        ([Back(WITHDRAWAL, ReturnStatus.RECEIVED)], [], NOON),
        ([Back(WITHDRAWAL, ReturnStatus.DECLINED)], [], None),
        ([Back(RETURN, ReturnStatus.APPROVED)], [], None),
        ([Back(RETURN, ReturnStatus.RECEIVED)], [], NOON + DAY),
        ([Back(RETURN, ReturnStatus.REPLACED)], [], None),
        ([Back(RETURN, ReturnStatus.RECEIVED), Back(WITHDRAWAL, ReturnStatus.APPROVED)], [], NOON),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED, REFUND)], [Refund(RefundStatus.REQUESTED)], None),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED, REFUND)], [Refund(RefundStatus.SUCCEEDED)], None),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED, REFUND)], [Refund(RefundStatus.FAILED)], NOON),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED)], [Refund(RefundStatus.REQUESTED)], None),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED)], [Refund(RefundStatus.FAILED)], NOON),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED)], [Refund(RefundStatus.SUCCEEDED, variant_id=OTHER)], NOON),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED)], [Refund(RefundStatus.SUCCEEDED, requested_at=NOON - DAY)], NOON),
    ],
)
def test_a_withdrawal_is_owed_until_a_refund_names_it_or_its_pieces(
    returns: list[Back], refunds: list[Refund], since: datetime | None
) -> None:
    facts = {"cancelled_at": None, "is_paid": True, "returns": returns, "refunds": refunds}
    assert refund_owed_since(**facts, is_all_refunded=False) == since  # type: ignore[arg-type]
    assert refund_owed_since(**facts, is_all_refunded=True) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("is_paid", "is_all_refunded", "since"), [(True, False, NOON), (True, True, None), (False, False, None)]
)
def test_a_cancelled_order_owes_its_payment(is_paid: bool, is_all_refunded: bool, since: datetime | None) -> None:
    facts = {"cancelled_at": NOON, "returns": [], "refunds": []}
    assert refund_owed_since(**facts, is_paid=is_paid, is_all_refunded=is_all_refunded) == since  # type: ignore[arg-type]
