"""A store's taxes, and what a merchant must have set up at Stripe for them."""

from commands.ports import Receipt
from commands.taxes import SetTaxes
from domain.merchant.errors import NoAccountConnected, TaxesNotReady
from domain.store.taxes import TaxMode
from gateway.api.command_request import CommandRequest
from gateway.api.stripe_accounts import merchant_of
from gateway.ports import GatewayDependencies


async def set_taxes(deps: GatewayDependencies, request: CommandRequest, command: SetTaxes) -> Receipt:
    """Decide how a store's taxes are known. Stripe Tax is asked first whether it can compute them.

    Sandbox payments compute a tax of their own, for which nothing is set up.

    Raises:
        InvalidInput: names the field.
        NoAccountConnected: only with an account at Stripe can taxes be computed at the payment.
        TaxesNotReady: settings or registrations are missing at Stripe.
        Transient: Stripe cannot be reached; retrying may help.
    """
    if command.taxes.mode is TaxMode.AT_PAYMENT and deps.tax_setup is not None:
        account_id = (await merchant_of(deps, request)).stripe_account_id
        if account_id is None:
            raise NoAccountConnected
        ready = await deps.tax_setup.of(account_id)
        if not ready.is_active:
            raise TaxesNotReady(f"set {', '.join(ready.missing) or 'it up'}")
        if not ready.registered_in:
            # Stripe computes no tax without a registration, so that every order would be without.
            raise TaxesNotReady("add a registration for each country in which you must pay taxes")
    return await request.send(command)
