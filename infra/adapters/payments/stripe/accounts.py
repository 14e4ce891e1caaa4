"""Merchants' accounts at Stripe: full dashboard, Stripe asks the questions, the merchant bears losses and fees.

These are the controller properties with which the merchant is merchant of record. The v1 interface is used: Stripe's
``stripe-mock`` knows no v2 accounts, so requests to those could not be checked.
"""

import hashlib
from uuid import UUID

import stripe
from pydantic import ValidationError
from stripe.params import AccountCreateParams

from domain.kernel import Transient
from domain.merchant.ports import StripeStatus
from infra.adapters.payments.stripe.client import WHO, AccountGone, ask
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


class StripeConnect:
    """Implements :class:`domain.merchant.ports.StripeAccounts`."""

    def __init__(self, client: stripe.StripeClient, *, live: bool) -> None:
        self._client = client
        self._live = live

    @property
    def live(self) -> bool:
        return self._live

    async def create(self, merchant_id: UUID, *, email: str, country: str | None, instead_of: str | None = None) -> str:
        """Open an account and return its id; the same merchant and values get the same account for a day.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        params: AccountCreateParams = {
            "email": email,
            "controller": {
                "stripe_dashboard": {"type": "full"},
                "fees": {"payer": "account"},
                "losses": {"payments": "stripe"},
                "requirement_collection": "stripe",
            },
            "metadata": {"merchant_id": str(merchant_id)},
        }
        if country is not None:
            params["country"] = country
        # Stripe refuses a known key with other values, so each e-mail address and country has its own key. It returns a
        # lost account for a known key, so the account after it has another one.
        parts = [email, str(country), *([] if instead_of is None else [instead_of])]
        values = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
        key = f"account:{merchant_id}:{values}"
        account = await ask(self._client.v1.accounts.create_async(params=params, options={"idempotency_key": key}))
        return account.id

    async def onboarding_url(self, account_id: str, *, return_url: str, refresh_url: str) -> str:
        """Return a link to Stripe's questions. It works once and for some minutes.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        link = await ask(
            self._client.v1.account_links.create_async(
                params={
                    "account": account_id,
                    "type": "account_onboarding",
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                }
            )
        )
        return link.url

    async def status(self, account_id: str) -> StripeStatus | None:
        """Return what Stripe says of an account; None if the platform may no longer ask about it.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        try:
            account = await ask(self._client.v1.accounts.retrieve_async(account_id))
        except AccountGone:
            return None
        try:
            said = _Account.model_validate(account.to_dict())
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
