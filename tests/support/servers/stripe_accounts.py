"""Accounts of Stripe's second interface: an answer for each request that Stripe's own library describes, an error otherwise."""

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin

from stripe.params.v2.core import AccountCreateParams, AccountLinkCreateParams
from typing_extensions import get_type_hints, is_typeddict


def fault(value: object, kind: Any, where: str = "body") -> str | None:
    """Return why a value is not of a kind of Stripe's parameters; None if it is."""
    origin = get_origin(kind)
    if origin in {NotRequired, Required}:
        return fault(value, get_args(kind)[0], where)
    if is_typeddict(kind):
        if not isinstance(value, dict):
            return f"{where} is not an object"
        hints = get_type_hints(kind)
        for key in value:
            if key not in hints:
                return f"{where}.{key} is unknown"
        for key in kind.__required_keys__ - value.keys():
            return f"{where}.{key} is missing"
        return next((said for key in value if (said := fault(value[key], hints[key], f"{where}.{key}"))), None)
    if origin is Literal:
        return None if value in get_args(kind) else f"{where} is {value!r}"
    if origin is list:
        assert isinstance(value, list)
        return next((said for each in value if (said := fault(each, get_args(kind)[0], where))), None)
    if origin is Union:
        kinds = get_args(kind)
        return None if any(fault(value, each, where) is None for each in kinds) else f"{where} is {value!r}"
    return None if not isinstance(kind, type) or isinstance(value, kind) else f"{where} is {value!r}"


def fault_of_request(path: str, body: object) -> str | None:
    """Return what is wrong with a request to create something; None if nothing is."""
    kinds: Mapping[str, Any] = {"core/accounts": AccountCreateParams, "core/account_links": AccountLinkCreateParams}
    return fault(body, kinds[path])


def as_v2(account: Mapping[str, Any], include: list[str]) -> dict[str, Any]:
    """Return an account of the first interface as the second one describes it. What is not included is null."""
    needs = account.get("requirements") or {}
    entries = [
        {"description": code, "awaiting_action_from": "user", "minimum_deadline": {"status": due}, "errors": []}
        for due in ("currently_due", "past_due")
        for code in needs.get(due) or ()
    ]
    reason = needs.get("disabled_reason")
    cards = "active" if account.get("charges_enabled") else "restricted" if reason else "pending"
    details = [] if reason is None else [{"code": reason.replace(".", "_"), "resolution": "provide_info"}]
    payouts = "active" if account.get("payouts_enabled") else "pending"
    merchant = {
        "applied": True,
        "capabilities": {
            "card_payments": {"status": cards, "status_details": details},
            "stripe_balance": {"payouts": {"status": payouts, "status_details": []}},
        },
    }
    return {
        "id": account["id"],
        "object": "v2.core.account",
        "livemode": False,
        "configuration": {"merchant": merchant} if "configuration.merchant" in include else None,
        "requirements": {"entries": entries} if "requirements" in include else None,
    }
