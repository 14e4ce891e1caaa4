"""The state of a return, and how events change it. A withdrawal is a return with the law's period."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from domain.order.after_sale.return_events import (
    ReceivedPieces,
    ReplacementSent,
    ReturnApproved,
    ReturnDeclined,
    ReturnedPieces,
    ReturnEvent,
    ReturnReceived,
    ReturnRequested,
)
from domain.privacy import Sealed


class ReturnKind(StrEnum):
    """Why goods come back."""

    RETURN = "RETURN"
    """By the store's own policy. The merchant may decline."""
    WITHDRAWAL = "WITHDRAWAL"
    """By law. The merchant may decline only a late one."""


class ReturnStatus(StrEnum):
    """The status of a return."""

    REQUESTED = "REQUESTED"
    """The merchant must approve or decline."""
    APPROVED = "APPROVED"
    """The shopper sends the goods back."""
    DECLINED = "DECLINED"
    RECEIVED = "RECEIVED"
    """The merchant has the goods, and refunds or replaces them."""
    REFUNDED = "REFUNDED"
    """The money went back."""
    REPLACED = "REPLACED"
    """A carrier has new goods."""


def first_status(kind: ReturnKind, *, is_late: bool) -> ReturnStatus:
    """Return the status of a new return. The law has approved a withdrawal in time."""
    return ReturnStatus.APPROVED if kind is ReturnKind.WITHDRAWAL and not is_late else ReturnStatus.REQUESTED


def stands(status: ReturnStatus) -> bool:
    """Return whether the pieces of a return come back or came back. A replacement can come back again."""
    return status not in {ReturnStatus.DECLINED, ReturnStatus.REPLACED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """Goods that come back."""

    kind: ReturnKind
    lines: tuple[ReturnedPieces, ...]
    deadline: date | None
    status: ReturnStatus
    """Never ``REFUNDED``; see :attr:`refund_id`."""
    is_late: bool = False
    instructions: str = ""
    address: Sealed | None = None
    received: tuple[ReceivedPieces, ...] = ()
    refund_id: UUID | None = None
    """The latest refund of the return. The return is refunded when that refund succeeds."""

    @property
    def stands(self) -> bool:
        """Whether its pieces come back or came back."""
        return stands(self.status)

    @property
    def is_received(self) -> bool:
        """Whether its goods are back at the shop."""
        return self.status is ReturnStatus.RECEIVED


Returns = Mapping[int, Return]
"""Returns by number."""


def with_withdrawal(
    returns: Returns, lines: Sequence[ReturnedPieces], *, deadline: date | None, is_late: bool
) -> Returns:
    """Return the returns with that of a new withdrawal."""
    kind = ReturnKind.WITHDRAWAL
    status = first_status(kind, is_late=is_late)
    new = Return(kind=kind, lines=tuple(lines), deadline=deadline, status=status, is_late=is_late)
    return {**returns, len(returns) + 1: new}


def evolve_returns(returns: Returns, event: ReturnEvent) -> Returns:
    """Return the returns after an event.

    Raises:
        KeyError: no such return was asked for.
    """
    match event:
        case ReturnRequested():
            after = Return(
                kind=ReturnKind.RETURN,
                lines=tuple(event.lines),
                deadline=event.deadline,
                status=ReturnStatus.REQUESTED,
            )
        case ReturnApproved():
            after = replace(
                returns[event.number],
                status=ReturnStatus.APPROVED,
                instructions=event.instructions,
                address=event.address,
            )
        case ReturnDeclined():
            after = replace(returns[event.number], status=ReturnStatus.DECLINED)
        case ReturnReceived():
            after = replace(returns[event.number], status=ReturnStatus.RECEIVED, received=tuple(event.lines))
        case ReplacementSent():
            after = replace(returns[event.number], status=ReturnStatus.REPLACED)
    return {**returns, event.number: after}
