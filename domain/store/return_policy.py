"""What a store promises about returns: for how long, for which reasons, and who pays the way back."""

from domain.kernel import InvalidInput, Value
from domain.text import check_readable, clean_line

LEGAL_DAYS = 14
"""The period of the law for consumers in the European Union (Directive 2011/83/EU). A store may only grant more."""
DAYS_MOST = 365
REASONS_MOST = 20
REASON_MAX = 80
REASONS = (
    "I changed my mind",
    "It does not fit",
    "It is not as described",
    "It arrived damaged or faulty",
    "I got the wrong item",
    "Another reason",
)
"""What a shopper can choose until the merchant states other reasons."""


class ReturnPolicy(Value):
    """A store's rules for returns."""

    days: int = LEGAL_DAYS
    """Calendar days after the delivery in which a shopper can ask for a return."""
    reasons: list[str] = list(REASONS)
    """What a shopper can choose, in the order of the form."""
    merchant_pays: bool = False
    """Whether the merchant pays for sending goods back that are as ordered. It always pays for faulty and wrong ones."""


def checked_policy(policy: ReturnPolicy) -> ReturnPolicy:
    """Return a merchant's policy in its stored form.

    Raises:
        InvalidInput: names the field.
    """
    if not LEGAL_DAYS <= policy.days <= DAYS_MOST:
        raise InvalidInput(
            "days", f"days cannot be {policy.days}. Use {LEGAL_DAYS}, which the law asks, to {DAYS_MOST} days."
        )
    reasons = [_reason(n, reason) for n, reason in enumerate(policy.reasons)]
    if not 1 <= len(reasons) <= REASONS_MOST:
        raise InvalidInput("reasons", f"reasons has {len(reasons)} entries. Use 1 to {REASONS_MOST}.")
    if len({reason.casefold() for reason in reasons}) < len(reasons):
        raise InvalidInput("reasons", "reasons names one reason twice. Name each once.")
    return policy.model_copy(update={"reasons": reasons})


def _reason(n: int, text: str) -> str:
    field = f"reasons.{n}"
    check_readable(field, text)
    reason = clean_line(text)
    if not 1 <= len(reason) <= REASON_MAX:
        raise InvalidInput(field, f"A reason has {len(reason)} characters. Use 1 to {REASON_MAX}.")
    return reason
