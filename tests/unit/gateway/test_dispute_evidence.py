"""The record of a dispute names every mail that the shopper got about the order."""

from domain.mail.events import MailKind
from gateway.api.dispute_evidence import TO_SHOPPER

NOT_ABOUT_AN_ORDER = {
    MailKind.STOCK_NOTICE_TO_CONFIRM,
    MailKind.BACK_IN_STOCK,
    MailKind.INVITATION,
    MailKind.ACCOUNT_CLOSED,
    MailKind.CART_LINK,
}
TO_MERCHANTS = {
    MailKind.ORDER_SOLD,
    MailKind.REFUND_FAILED,
    MailKind.PAYMENT_UNMATCHED,
    MailKind.DISPUTE_TO_ANSWER,
    MailKind.DISPUTE_DEADLINE,
    MailKind.DISPUTE_CLOSED,
    MailKind.RETURN_TO_DECIDE,
    MailKind.ORDER_HELD,
    MailKind.SUPPLIER_ORDER_FAILED,
    MailKind.DOMAIN_WARNED,
    MailKind.DOMAIN_FAILED,
    MailKind.WITHDRAWAL_TO_HANDLE,
    MailKind.PAYOUT_FAILED,
    MailKind.PLAN_PAYMENT_FAILED,
    MailKind.PLAN_SUSPENDED,
    MailKind.EMAIL_TO_CONFIRM,
    MailKind.PASSWORD_RESET,
    MailKind.EMAIL_CHANGED,
    MailKind.ACCOUNT_CHANGED,
}


def test_every_mail_to_the_shopper_about_an_order_is_in_the_record() -> None:
    assert set(TO_SHOPPER) == set(MailKind) - TO_MERCHANTS - NOT_ABOUT_AN_ORDER
