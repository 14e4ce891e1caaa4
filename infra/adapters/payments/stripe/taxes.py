"""Whether Stripe Tax can compute taxes for a merchant's account."""

import stripe
from pydantic import ValidationError

from domain.kernel import Transient
from domain.merchant.ports import TaxReadiness
from infra.adapters.payments.stripe.client import WHO, ask
from infra.adapters.payments.webhook_parts import Name, Part, why

PAGE = 100


class _Pending(Part):
    missing_fields: list[Name] | None = None


class _Details(Part):
    pending: _Pending | None = None


class _Settings(Part):
    status: str
    status_details: _Details | None = None


class _Registration(Part):
    country: Name


class _Registrations(Part):
    data: list[_Registration]


class StripeTaxSetup:
    """Implements :class:`domain.merchant.ports.TaxSetup`."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def of(self, account_id: str) -> TaxReadiness:
        """Return what an account misses for Stripe Tax, and where its merchant is registered.

        Raises:
            StripeRefused: retrying cannot help.
            Transient: Stripe cannot be reached or makes no sense; retrying may help.
        """
        options: stripe.RequestOptions = {"stripe_account": account_id}
        settings = await ask(self._client.v1.tax.settings.retrieve_async(options=options))
        registrations = await ask(
            self._client.v1.tax.registrations.list_async(params={"status": "active", "limit": PAGE}, options=options)
        )
        try:
            said = _Settings.model_validate(settings.to_dict())
            listed = _Registrations.model_validate(registrations.to_dict()).data
        except ValidationError as error:
            raise Transient(WHO, f"its answer about taxes makes no sense: {why(error)}") from error
        pending = None if said.status_details is None else said.status_details.pending
        missing = () if said.status == "active" or pending is None else tuple(pending.missing_fields or ())
        return TaxReadiness(
            is_active=said.status == "active",
            missing=missing,
            registered_in=tuple(sorted({each.country for each in listed})),
        )
