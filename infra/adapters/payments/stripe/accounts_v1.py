"""Stripe's first interface for accounts (``/v1/accounts``)."""

import stripe
from pydantic import ValidationError
from stripe.params import AccountCreateParams

from domain.kernel import Transient
from domain.merchant.ports import StripeStatus
from infra.adapters.payments.stripe.client import WHO, ask
from infra.adapters.payments.stripe.client import create as create_by_key
from infra.adapters.payments.webhook_parts import Name, Part, why

REQUIREMENTS_MAX = 40
"""Most open requirements that are recorded; Stripe lists tens at the beginning."""


class _Requirements(Part):
    currently_due: list[Name] | None = None
    past_due: list[Name] | None = None
    disabled_reason: Name | None = None


class _Account(Part):
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    requirements: _Requirements | None = None


async def create(
    client: stripe.StripeClient, *, email: str, country: str | None, metadata: dict[str, str], key: str
) -> str:
    """Open an account and return its id. Raises what :func:`ask` raises."""
    params: AccountCreateParams = {
        "email": email,
        "controller": {
            "stripe_dashboard": {"type": "full"},
            "fees": {"payer": "account"},
            "losses": {"payments": "stripe"},
            "requirement_collection": "stripe",
        },
        "metadata": metadata,
    }
    if country is not None:
        params["country"] = country
    account = await create_by_key(
        lambda key: client.v1.accounts.create_async(params=params, options={"idempotency_key": key}), key
    )
    return account.id


async def onboarding_url(client: stripe.StripeClient, account_id: str, *, return_url: str, refresh_url: str) -> str:
    """Return a link to Stripe's questions. Raises what :func:`ask` raises."""
    link = await ask(
        client.v1.account_links.create_async(
            params={
                "account": account_id,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
            }
        )
    )
    return link.url


async def status(client: stripe.StripeClient, account_id: str | None) -> StripeStatus:
    """Return what Stripe says of an account. Raises what :func:`ask` raises.

    Args:
        client: of the platform, or of the merchant.
        account_id: a connected account; None for the account of the client's own key.
    """
    accounts = client.v1.accounts
    answer = await ask(accounts.retrieve_current_async() if account_id is None else accounts.retrieve_async(account_id))
    return read_status(answer)


def read_status(answer: stripe.StripeObject) -> StripeStatus:
    """Return what an account says of itself.

    Raises:
        Transient: it makes no sense; retrying may help.
    """
    try:
        said = _Account.model_validate(answer.to_dict())
    except ValidationError as error:
        raise Transient(WHO, f"its answer about the account makes no sense: {why(error)}") from error
    needs = said.requirements or _Requirements()
    open_ones = {*(needs.past_due or ()), *(needs.currently_due or ())}
    return StripeStatus(
        charges_enabled=said.charges_enabled,
        payouts_enabled=said.payouts_enabled,
        details_submitted=said.details_submitted,
        requirements=tuple(sorted(open_ones))[:REQUIREMENTS_MAX],
        disabled_reason=needs.disabled_reason,
    )
