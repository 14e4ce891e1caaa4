"""Accounts that merchants have at Stripe already: the merchant lets the platform in on a page of Stripe's (OAuth)."""

from urllib.parse import urlencode

import stripe
from pydantic import ValidationError

from domain.kernel import Transient
from domain.merchant.ports import LinkedAccount
from infra.adapters.payments.stripe.client import WHO, StripeRefused, ask
from infra.adapters.payments.webhook_parts import Name, Part, why

CONNECT = "https://connect.stripe.com"
SCOPE = "read_write"
"""What the platform asks for. Direct charges need it."""


class _Granted(Part):
    stripe_user_id: Name
    livemode: bool
    scope: str


def authorize_url(client_id: str, *, state: str, redirect_url: str, email: str | None) -> str:
    """Return the address of Stripe's page that asks the merchant."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "scope": SCOPE,
        "redirect_uri": redirect_url,
        "state": state,
    }
    if email:
        parameters["stripe_user[email]"] = email
    return f"{CONNECT}/oauth/authorize?{urlencode(parameters)}"


async def accept(client: stripe.StripeClient, code: str) -> LinkedAccount:
    """Exchange the code of Stripe's page for access. A code works once, for some minutes.

    The answer has keys of the account as well. They are not kept: the platform's own key reaches it from now on.

    Raises:
        StripeRefused: the code is wrong, used or too old; retrying cannot help.
        Transient: Stripe cannot be reached or makes no sense; retrying may help.
    """
    answer = await ask(
        client.raw_request_async("post", "/oauth/token", base="connect", grant_type="authorization_code", code=code)
    )
    try:
        granted = _Granted.model_validate(answer.data)
    except ValidationError as error:
        raise Transient(WHO, f"its answer about access makes no sense: {why(error)}") from error
    return LinkedAccount(account_id=granted.stripe_user_id, live=granted.livemode, can_charge=granted.scope == SCOPE)


async def deauthorize(client: stripe.StripeClient, client_id: str, account_id: str) -> None:
    """Give the platform's access back. No-op if it has none.

    Raises:
        StripeRefused: retrying cannot help.
        Transient: Stripe cannot be reached; retrying may help.
    """
    try:
        await ask(
            client.raw_request_async(
                "post", "/oauth/deauthorize", base="connect", client_id=client_id, stripe_user_id=account_id
            )
        )
    except StripeRefused as refusal:
        # Stripe's answer for an account that this platform is not connected to.
        if refusal.reason != "invalid_client":
            raise
