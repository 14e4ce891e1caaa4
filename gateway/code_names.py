"""What people call mails and companies, by the codes that events and the API have for them. For API and dashboard."""

from collections.abc import Mapping

SUPPLIERS: Mapping[str, str] = {
    "SAMPLE": "Sample supplier",
    "ALIEXPRESS": "AliExpress",
    "CJ_DROPSHIPPING": "CJ Dropshipping",
    "SPOCKET": "Spocket",
}
COMPANIES: Mapping[str, str] = {**SUPPLIERS, "GITHUB": "GitHub"}
"""Suppliers, and companies that log people in."""
MAILS: Mapping[str, str] = {
    "ORDER_SOLD": "new order",
    "PAYMENT_UNMATCHED": "payment without an order",
    "ORDER_SUBSTITUTED": "other goods sent",
    "SUPPLIER_ORDER_FAILED": "order at the supplier failed",
    "DOMAIN_WARNED": "domain proof lost",
    "EMAIL_TO_CONFIRM": "address to confirm",
    "EMAIL_CHANGED": "e-mail address changed",
    "PASSWORD_RESET": "link for a new password",
    "ACCOUNT_CHANGED": "log-in changed",
    "ACCOUNT_CLOSED": "account deleted",
}
"""Kinds of mails whose codes are not their words."""


def company_name(code: str) -> str:
    """Return the name of a supplier or of a company that logs people in."""
    return COMPANIES.get(code, code.replace("_", " ").title())


def mail_name(kind: str) -> str:
    """Return what a mail is about, such as “order confirmed”."""
    return MAILS.get(kind, kind.replace("_", " ").lower())
