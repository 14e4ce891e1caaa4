"""Events of a mail."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent


class MailKind(StrEnum):
    """What a mail says, and to which side."""

    ORDER_CONFIRMED = "ORDER_CONFIRMED"
    """To the shopper: the order is paid."""
    ORDER_SOLD = "ORDER_SOLD"
    """To the merchant: an order is paid."""
    ORDER_SHIPPED = "ORDER_SHIPPED"
    """To the shopper: a carrier has the order or a parcel of it."""
    ORDER_CANCELLED = "ORDER_CANCELLED"
    """To the shopper: the merchant cancelled a paid order."""
    ORDER_REFUNDED = "ORDER_REFUNDED"
    """To the shopper: money went back."""
    PAYMENT_UNMATCHED = "PAYMENT_UNMATCHED"
    """To the merchant: a payment came that pays for no order, with what to do."""
    REFUND_FAILED = "REFUND_FAILED"
    """To the merchant: a refund failed or came back, with what to do."""
    DISPUTE_TO_ANSWER = "DISPUTE_TO_ANSWER"
    """To the merchant: a bank questions a payment, with the deadline."""
    DISPUTE_DEADLINE = "DISPUTE_DEADLINE"
    """To the merchant: the deadline for evidence is near, and none was submitted."""
    DISPUTE_CLOSED = "DISPUTE_CLOSED"
    """To the merchant: a bank decided a dispute or ended an inquiry, with what happened to the money."""
    PAYOUT_FAILED = "PAYOUT_FAILED"
    """To the merchant, from the platform: a payout did not reach their bank, with the reason and what to do."""
    RETURN_REQUESTED = "RETURN_REQUESTED"
    """To the shopper: the receipt of a return that was asked for."""
    RETURN_TO_DECIDE = "RETURN_TO_DECIDE"
    """To the merchant: a shopper asks to return goods."""
    RETURN_APPROVED = "RETURN_APPROVED"
    """To the shopper: the return is accepted, with the address."""
    RETURN_DECLINED = "RETURN_DECLINED"
    """To the shopper: the return is declined, with the reason."""
    RETURN_RECEIVED = "RETURN_RECEIVED"
    """To the shopper: the goods are with the merchant."""
    REPLACEMENT_SENT = "REPLACEMENT_SENT"
    """To the shopper: a carrier has new goods for returned ones."""
    PLAN_PAYMENT_FAILED = "PLAN_PAYMENT_FAILED"
    """To the merchant, from the platform: a payment of their plan failed, with the days of grace."""
    PLAN_SUSPENDED = "PLAN_SUSPENDED"
    """To the merchant, from the platform: the days of grace of their plan are over."""
    ORDER_HELD = "ORDER_HELD"
    """To the merchant: an order would lose money, or its goods cannot be had, with the ways on."""
    SUPPLIER_ORDER_FAILED = "SUPPLIER_ORDER_FAILED"
    """To the merchant: a supplier did not take an order."""
    ORDER_SUBSTITUTED = "ORDER_SUBSTITUTED"
    """To the shopper: other goods are sent for a line."""
    DOMAIN_WARNED = "DOMAIN_WARNED"
    """To the merchant: the proof of a domain is gone, and when the domain is switched off."""
    DOMAIN_FAILED = "DOMAIN_FAILED"
    """To the merchant: a domain is not connected, with the reason and what to do."""
    WITHDRAWAL_RECEIVED = "WITHDRAWAL_RECEIVED"
    """To the consumer: the receipt of a withdrawal."""
    WITHDRAWAL_TO_HANDLE = "WITHDRAWAL_TO_HANDLE"
    """To the merchant: a consumer withdrew."""

    EMAIL_TO_CONFIRM = "EMAIL_TO_CONFIRM"
    """To a merchant, from the platform: a link that confirms the address, or that another account has it."""
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - a kind of mail
    """To a merchant, from the platform: a link for a new password."""
    EMAIL_CHANGED = "EMAIL_CHANGED"
    """To a merchant's former address, from the platform: the account has another one."""
    ACCOUNT_CHANGED = "ACCOUNT_CHANGED"
    """To a merchant, from the platform: something changed about how they log in."""
    STOCK_NOTICE_TO_CONFIRM = "STOCK_NOTICE_TO_CONFIRM"
    """To a shopper: confirm the wish for a mail when a variant is back."""
    CART_LINK = "CART_LINK"
    """To a shopper who asked for it: a link to the cart, for another device."""
    BACK_IN_STOCK = "BACK_IN_STOCK"
    """To a shopper who confirmed that wish: the variant is back."""
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED"
    """To a merchant who deleted the account, from the platform: the last mail."""
    INVITATION = "INVITATION"
    """To an invited person, from the platform: a merchant asks them to work in a store."""


class MailSent(DomainEvent, wire_name="mail.mail_sent.v1"):
    """A mail server took a mail. At most once per mail; it names no address."""

    store_id: UUID
    """The store; the merchant for a mail of the platform."""
    order_id: UUID | None
    """The order that the mail is about; null if it is about none."""
    kind: MailKind
    message_id: str
    """The mail's ``Message-ID`` without angle brackets."""


class MailRefused(DomainEvent, wire_name="mail.mail_refused.v1"):
    """A mail server refused a mail permanently. The merchant must reach the person in another way."""

    store_id: UUID
    """The store; the merchant for a mail of the platform."""
    order_id: UUID | None
    """The order that the mail is about; null if it is about none."""
    kind: MailKind
    message_id: str
    """The mail's ``Message-ID`` without angle brackets."""
    reason: str
    """The server's status code, such as ``550 5.1.1``. Its text may contain the address and is left out."""


MailEvent = MailSent | MailRefused
