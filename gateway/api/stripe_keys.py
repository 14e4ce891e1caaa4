"""A merchant's own restricted key at Stripe, in place of a connected account."""

from commands.merchant import ConnectStripe
from commands.ports import Receipt
from domain.kernel import DomainError
from domain.merchant.errors import OtherAccountConnected, StripeNotConfigured
from domain.merchant.events import StripeLink
from domain.merchant.ports import CheckedKey, OwnKey
from domain.payee.errors import AccountOfAnotherMerchant
from gateway.api.command_request import CommandRequest
from gateway.api.stripe_accounts import accounts_of, merchant_of
from gateway.ports import GatewayDependencies, OwnKeyPorts
from projections.merchants.queries import merchant_of_stripe_account
from projections.merchants.views import MerchantView
from projections.reading.scope import SYSTEM

ENDPOINTS_MOST = 2
"""The secret in use and the one before it, whose late deliveries still count."""


async def use_key(deps: GatewayDependencies, request: CommandRequest, *, secret_key: str) -> Receipt:
    """Take payments with a merchant's own key, or replace it by another one of the same account.

    The key is in the vault before the log says so, because payments begin at once. A webhook endpoint of its own is made each
    time. The endpoint before it is taken away, and its secret counts until the next change.

    Raises:
        KeyRefused: it is not a restricted key, is revoked, or lacks permissions.
        WrongMode: it is of the other mode.
        OtherAccountConnected: disconnect the other account first.
        AccountOfAnotherMerchant: the key's account belongs to another merchant here.
        StripeNotConfigured: payments are a sandbox.
        Transient: Stripe cannot be reached; retrying may help.
    """
    accounts, own = accounts_of(deps), _ports(deps)
    merchant = await merchant_of(deps, request)
    checked = await own.stripe.check(secret_key)
    await _refuse_taken(deps, merchant, checked)
    former = await own.vault.read(request.merchant_id)
    url = f"{deps.public_url.rstrip('/')}/webhooks/payments/stripe/{request.merchant_id}"
    endpoint = await own.stripe.watch(secret_key, url)
    kept = () if former is None or former.account_id != checked.account_id else former.endpoints
    key = OwnKey(secret_key=secret_key, account_id=checked.account_id, endpoints=(endpoint, *kept)[:ENDPOINTS_MOST])
    await own.vault.keep(request.merchant_id, key)
    try:
        receipt = await request.send(
            ConnectStripe(
                merchant_id=request.merchant_id,
                account_id=checked.account_id,
                live=accounts.live,
                link=StripeLink.OWN_KEY,
                status=checked.status,
            )
        )
    except DomainError:
        if former is None:
            await own.vault.drop(request.merchant_id)
        else:
            await own.vault.keep(request.merchant_id, former)
        await own.stripe.unwatch(secret_key, endpoint.id)
        raise
    if kept:
        await own.stripe.unwatch(secret_key, kept[0].id)
    return receipt


async def forget_key(deps: GatewayDependencies, request: CommandRequest) -> None:
    """Delete a merchant's key, and take its webhook endpoint away at Stripe. No-op if there is none."""
    own = deps.own_keys
    key = None if own is None else await own.vault.read(request.merchant_id)
    if own is None or key is None:
        return
    await own.vault.drop(request.merchant_id)
    await own.stripe.unwatch(key.secret_key, key.endpoints[0].id)


async def _refuse_taken(deps: GatewayDependencies, merchant: MerchantView, checked: CheckedKey) -> None:
    connected = merchant.stripe
    if connected is not None and (
        connected.link is not StripeLink.OWN_KEY or connected.account_id != checked.account_id
    ):
        # An account that is connected already would get the webhooks of two endpoints, and a fee from two sides.
        raise OtherAccountConnected(connected.account_id)
    owner = await merchant_of_stripe_account(deps.reader, checked.account_id, scope=SYSTEM)
    if owner not in {None, merchant.id}:
        raise AccountOfAnotherMerchant(checked.account_id)


def _ports(deps: GatewayDependencies) -> OwnKeyPorts:
    if deps.own_keys is None:
        raise StripeNotConfigured
    return deps.own_keys
