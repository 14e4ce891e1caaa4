"""What the codes of banks mean, for people."""

REASONS = {
    "bank_cannot_process": "the bank could not process the payment",
    "check_returned": "a check came back",
    "credit_not_processed": "a refund did not come",
    "customer_initiated": "the shopper asked the bank to take the money back",
    "debit_not_authorized": "the shopper did not allow the debit",
    "duplicate": "it was paid twice",
    "fraudulent": "the shopper says that they did not pay",
    "general": "the bank names no reason",
    "incorrect_account_details": "the account’s details are wrong",
    "insufficient_funds": "there was not enough money in the account",
    "noncompliant": "the payment broke a rule of the card network",
    "product_not_received": "the goods did not come",
    "product_unacceptable": "the goods are not as described",
    "subscription_canceled": "it was cancelled before",
    "unrecognized": "the shopper does not know the payment",
}


def reason_in_words(code: str) -> str:
    """Return why a bank questions a payment, as part of a sentence. Unknown codes become words."""
    return REASONS.get(code, code.replace("_", " "))
