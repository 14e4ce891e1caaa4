"""The mails that follow from an event."""

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Protocol
from uuid import UUID

from commands.mail import RecordMail
from consumers.ports import React
from domain.cart.link import CartLinkRequested
from domain.kernel import Clock, DomainEvent
from domain.mail.aggregate import mail_id
from domain.mail.events import MailKind
from domain.mail.ports import Mail, Mailer, MailServerRefused
from domain.merchant.account_events import (
    AccountClosed,
    ApiKeyMade,
    EmailConfirmationRequested,
    EmailVerified,
    PasskeyAdded,
    PasskeyRemoved,
    PasswordChanged,
    PasswordResetRequested,
    RecoveryCodeUsed,
    SecondFactorDisabled,
    SecondFactorEnabled,
    SignInLinked,
    SignInUnlinked,
)
from domain.merchant.events import MerchantRegistered
from domain.order.after_sale.dispute_events import (
    DisputeClosed,
    DisputeDeadlineNear,
    DisputeOpened,
    DisputeStatus,
    DisputeStatusChanged,
)
from domain.order.after_sale.events import PaidOrderCancelled, ParcelShipped, RefundFailed, RefundSucceeded
from domain.order.after_sale.return_events import (
    ReplacementSent,
    ReturnApproved,
    ReturnDeclined,
    ReturnReceived,
    ReturnRequested,
)
from domain.order.after_sale.sourcing_events import LineSubstituted, OrderHeld, SupplierOrderFailed
from domain.order.aggregate import ORDER
from domain.order.events import OrderFulfilled, OrderPaid, PaymentUnmatched, WithdrawalReceived
from domain.payout.events import PayoutFailed
from domain.stock_notice.events import StockNoticeRequested, StockReturnAnnounced
from domain.store.domain_events import DomainFailed, DomainProofLost
from domain.store.team_events import PersonInvited
from domain.subscription.events import GraceEnded, SubscriptionPaymentFailed
from infra.retry import RetryPolicy, retry
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic

logger = logging.getLogger(__name__)

KINDS: Mapping[type[DomainEvent], Sequence[MailKind]] = {
    OrderPaid: (MailKind.ORDER_CONFIRMED, MailKind.ORDER_SOLD),
    OrderFulfilled: (MailKind.ORDER_SHIPPED,),
    ParcelShipped: (MailKind.ORDER_SHIPPED,),
    PaidOrderCancelled: (MailKind.ORDER_CANCELLED,),
    DisputeOpened: (MailKind.DISPUTE_TO_ANSWER,),
    DisputeStatusChanged: (MailKind.DISPUTE_TO_ANSWER,),
    DisputeDeadlineNear: (MailKind.DISPUTE_DEADLINE,),
    DisputeClosed: (MailKind.DISPUTE_CLOSED,),
    GraceEnded: (MailKind.PLAN_SUSPENDED,),
    SubscriptionPaymentFailed: (MailKind.PLAN_PAYMENT_FAILED,),
    PaymentUnmatched: (MailKind.PAYMENT_UNMATCHED,),
    PayoutFailed: (MailKind.PAYOUT_FAILED,),
    RefundFailed: (MailKind.REFUND_FAILED,),
    RefundSucceeded: (MailKind.ORDER_REFUNDED,),
    ReturnRequested: (MailKind.RETURN_REQUESTED, MailKind.RETURN_TO_DECIDE),
    ReturnApproved: (MailKind.RETURN_APPROVED,),
    ReturnDeclined: (MailKind.RETURN_DECLINED,),
    ReturnReceived: (MailKind.RETURN_RECEIVED,),
    ReplacementSent: (MailKind.REPLACEMENT_SENT,),
    DomainProofLost: (MailKind.DOMAIN_WARNED,),
    DomainFailed: (MailKind.DOMAIN_FAILED,),
    OrderHeld: (MailKind.ORDER_HELD,),
    SupplierOrderFailed: (MailKind.SUPPLIER_ORDER_FAILED,),
    LineSubstituted: (MailKind.ORDER_SUBSTITUTED,),
    CartLinkRequested: (MailKind.CART_LINK,),
    StockNoticeRequested: (MailKind.STOCK_NOTICE_TO_CONFIRM,),
    StockReturnAnnounced: (MailKind.BACK_IN_STOCK,),
    MerchantRegistered: (MailKind.EMAIL_TO_CONFIRM,),
    EmailConfirmationRequested: (MailKind.EMAIL_TO_CONFIRM,),
    EmailVerified: (MailKind.EMAIL_CHANGED,),
    PasswordResetRequested: (MailKind.PASSWORD_RESET,),
    PasswordChanged: (MailKind.ACCOUNT_CHANGED,),
    ApiKeyMade: (MailKind.ACCOUNT_CHANGED,),
    SecondFactorEnabled: (MailKind.ACCOUNT_CHANGED,),
    SecondFactorDisabled: (MailKind.ACCOUNT_CHANGED,),
    RecoveryCodeUsed: (MailKind.ACCOUNT_CHANGED,),
    SignInLinked: (MailKind.ACCOUNT_CHANGED,),
    SignInUnlinked: (MailKind.ACCOUNT_CHANGED,),
    PasskeyAdded: (MailKind.ACCOUNT_CHANGED,),
    PasskeyRemoved: (MailKind.ACCOUNT_CHANGED,),
    PersonInvited: (MailKind.INVITATION,),
    AccountClosed: (MailKind.ACCOUNT_CLOSED,),
    WithdrawalReceived: (MailKind.WITHDRAWAL_RECEIVED, MailKind.WITHDRAWAL_TO_HANDLE),
}
"""The mails of each event."""
MAIL_WITHIN = timedelta(days=3)
"""An older event leads to no mail: it is history that a new consumer reads, not news for a person."""
SENDING = RetryPolicy(attempts=8, first_pause=2.0, growth=3.0, longest_pause=300.0)
"""Tries of one delivery, over a quarter of an hour; many servers refuse a stranger's first try for five minutes."""
WAITING_MAILS = 32
"""Stores whose mails may wait for their servers at once."""


class MailWriter(Protocol):
    """Writes mails in the look of their store."""

    async def write(self, kind: MailKind, envelope: Envelope) -> Mail | None:
        """Return a mail; None if it has no recipient: the person was forgotten, or the merchant states no address.

        Raises:
            Transient: a read model does not show the order yet.
        """
        ...


class MailPolicy:
    """Sends each mail once per event and records its outcome.

    Safe to redeliver: the outcome is a command whose id is derived from the event, and a recorded mail is not sent again.
    The log holds outcomes, so a restored event store knows them. Only a crash between the server's answer and the record
    sends a mail twice; both copies have one Message-ID (``infra/decisions/0046``).
    """

    name = "mail-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(KINDS)

    def __init__(
        self, react: React, writer: MailWriter, mailer: Mailer, clock: Clock, *, sending: RetryPolicy = SENDING
    ) -> None:
        self._react, self._writer, self._mailer = react, writer, mailer
        self._clock, self._sending = clock, sending

    async def __call__(self, envelope: Envelope) -> None:
        if self._clock.now() - envelope.recorded_at > MAIL_WITHIN:
            return
        for kind in _kinds_of(envelope.event):
            if await self._react.outcome(envelope, f"{self.name}:{kind}") is None:
                await self._send(kind, envelope)

    async def _send(self, kind: MailKind, envelope: Envelope) -> None:
        mail = await retry(lambda: self._writer.write(kind, envelope), self._sending)
        if mail is None:
            logger.info("no recipient for %s because of %s", kind, envelope.id)
            return
        refusal = None
        try:
            await retry(lambda: self._mailer.send(mail), self._sending)
        except MailServerRefused as refused:
            refusal = refused.status
            logger.warning("%s because of %s was refused: %s", kind, envelope.id, refusal)
        record = RecordMail(
            mail_id=mail_id(envelope.id, kind),
            store_id=envelope.tenant,
            order_id=_order_of(envelope.event),
            kind=kind,
            message_id=mail.message_id,
            refusal=refusal,
        )
        await self._react(record, cause=envelope, name=f"{self.name}:{kind}")


def _kinds_of(event: DomainEvent) -> Sequence[MailKind]:
    if isinstance(event, MerchantRegistered) and event.link_id is None:
        return ()
    if isinstance(event, EmailVerified) and event.former is None:
        return ()
    if isinstance(event, DisputeStatusChanged) and event.status is not DisputeStatus.NEEDS_RESPONSE:
        # Only an inquiry that became a dispute asks the merchant for something.
        return ()
    return KINDS.get(type(event), ())


def _order_of(event: DomainEvent) -> UUID | None:
    return event.originator_id if ORDER.begins_with(event.wire_name) else None
