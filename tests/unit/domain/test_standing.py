"""How an order stands: an order that was given back as a whole is never called paid."""

from dataclasses import dataclass
from itertools import product
from uuid import UUID, uuid4

import pytest

from domain.order.after_sale.events import RefundedPieces
from domain.order.after_sale.return_events import ReturnedPieces
from domain.order.after_sale.return_state import ReturnKind, ReturnStatus
from domain.order.after_sale.state import RefundStatus
from domain.order.events import OrderStatus
from domain.order.standing import BY_STATUS, OrderStanding, standing_of

VARIANT, REFUND = UUID(int=1), UUID(int=2)
PAID_FOR = (OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED, OrderStatus.FULFILLED)


@dataclass(frozen=True)
class Back:
    """A return of some pieces of an order of two."""

    kind: ReturnKind
    status: ReturnStatus
    quantity: int = 2
    refund_id: UUID | None = None

    @property
    def lines(self) -> list[ReturnedPieces]:
        return [ReturnedPieces(variant_id=VARIANT, quantity=self.quantity)]

    @property
    def stands(self) -> bool:
        return self.status not in {ReturnStatus.DECLINED, ReturnStatus.REPLACED}

    @property
    def is_received(self) -> bool:
        return self.status in {ReturnStatus.RECEIVED, ReturnStatus.REFUNDED}


@dataclass(frozen=True)
class Refund:
    """A refund of some pieces."""

    status: RefundStatus
    quantity: int = 0
    id: UUID = REFUND

    @property
    def lines(self) -> list[RefundedPieces]:
        return (
            [RefundedPieces(variant_id=VARIANT, quantity=self.quantity, unsent=0, restock=False)]
            if self.quantity
            else []
        )


RETURN, WITHDRAWAL = ReturnKind.RETURN, ReturnKind.WITHDRAWAL


@pytest.mark.parametrize(
    ("returns", "refunds", "standing"),
    [
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED)], [], "WITHDRAWN"),
        ([Back(WITHDRAWAL, ReturnStatus.REQUESTED)], [], "WITHDRAWN"),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED, 1), Back(WITHDRAWAL, ReturnStatus.APPROVED, 1)], [], "WITHDRAWN"),
        ([Back(WITHDRAWAL, ReturnStatus.RECEIVED)], [], "RETURNED"),
        ([Back(RETURN, ReturnStatus.APPROVED)], [], "COMING_BACK"),
        ([Back(RETURN, ReturnStatus.APPROVED, 1), Back(WITHDRAWAL, ReturnStatus.APPROVED, 1)], [], "COMING_BACK"),
        ([Back(RETURN, ReturnStatus.RECEIVED)], [], "RETURNED"),
        ([Back(RETURN, ReturnStatus.RECEIVED, 1)], [Refund(RefundStatus.SUCCEEDED, 1)], "RETURNED"),
        (
            [Back(RETURN, ReturnStatus.RECEIVED, refund_id=REFUND)],
            [Refund(RefundStatus.REQUESTED, 2)],
            "REFUNDING",
        ),
        (
            [Back(RETURN, ReturnStatus.REFUNDED, refund_id=REFUND)],
            [Refund(RefundStatus.SUCCEEDED, 2)],
            "REFUNDED",
        ),
        ([], [Refund(RefundStatus.REQUESTED, 2)], "REFUNDING"),
        ([], [Refund(RefundStatus.SUCCEEDED, 2)], "REFUNDED"),
        ([], [Refund(RefundStatus.SUCCEEDED, 1), Refund(RefundStatus.REQUESTED, 1, uuid4())], "REFUNDING"),
    ],
)
def test_an_order_that_was_given_back_as_a_whole_says_so(
    returns: list[Back], refunds: list[Refund], standing: str
) -> None:
    for status in PAID_FOR:
        found = standing_of(
            status, items=2, returns=returns, refunds=refunds, is_all_refunded=False, is_delivered=False
        )
        assert found == OrderStanding(standing)


@pytest.mark.parametrize(
    ("returns", "refunds", "sent"),
    [
        ([], [], "SENT"),
        ([Back(RETURN, ReturnStatus.REQUESTED)], [], "DELIVERED"),
        ([Back(RETURN, ReturnStatus.DECLINED)], [], "DELIVERED"),
        ([Back(WITHDRAWAL, ReturnStatus.DECLINED)], [], "SENT"),
        ([Back(WITHDRAWAL, ReturnStatus.APPROVED, 1)], [], "SENT"),
        ([Back(RETURN, ReturnStatus.REPLACED)], [], "REPLACED"),
        ([Back(RETURN, ReturnStatus.RECEIVED, 1)], [], "PARTLY_RETURNED"),
        ([Back(RETURN, ReturnStatus.RECEIVED, 1), Back(RETURN, ReturnStatus.REPLACED, 1)], [], "PARTLY_RETURNED"),
        (
            [Back(RETURN, ReturnStatus.REFUNDED, 1, REFUND)],
            [Refund(RefundStatus.SUCCEEDED, 1)],
            "PARTLY_RETURNED",
        ),
        ([], [Refund(RefundStatus.FAILED, 2)], "SENT"),
    ],
)
def test_an_order_of_which_a_part_stays_is_called_by_its_status_or_by_where_its_goods_are(
    returns: list[Back], refunds: list[Refund], sent: str
) -> None:
    facts = {"items": 2, "returns": returns, "refunds": refunds, "is_all_refunded": False}
    for status in OrderStatus:
        expected = sent if status is OrderStatus.FULFILLED else BY_STATUS[status]
        assert standing_of(status, **facts, is_delivered=False) == expected  # type: ignore[arg-type]
    known = standing_of(OrderStatus.FULFILLED, **facts, is_delivered=True)  # type: ignore[arg-type]
    assert known == ("DELIVERED" if sent == "SENT" else sent)


def test_a_refund_of_the_whole_amount_says_so_without_naming_pieces() -> None:
    for status, made in product(PAID_FOR, (RefundStatus.REQUESTED, RefundStatus.SUCCEEDED)):
        found = standing_of(
            status, items=2, returns=[], refunds=[Refund(made)], is_all_refunded=True, is_delivered=False
        )
        assert found == ("REFUNDING" if made is RefundStatus.REQUESTED else "REFUNDED")


def test_a_free_order_is_not_taken_for_a_refunded_one() -> None:
    assert (
        standing_of(OrderStatus.PAID, items=2, returns=[], refunds=[], is_all_refunded=True, is_delivered=False)
        == OrderStanding.PAID
    )
