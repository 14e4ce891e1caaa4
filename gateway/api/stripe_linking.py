"""Linking an account that a merchant has at Stripe: Stripe asks the merchant, who comes back with a code and our state."""

import hashlib
from datetime import timedelta

from commands.merchant import ConnectStripe
from commands.ports import Receipt
from domain.accounts.ports import Allowance
from domain.kernel import DomainError, InvalidInput
from domain.merchant.errors import AccessTooNarrow, ConsentDenied, OtherAccountConnected, WrongMode
from domain.merchant.events import StripeLink
from domain.merchant.ports import LinkedAccount, StripeAccounts
from domain.payee.errors import AccountOfAnotherMerchant
from gateway.api.command_request import CommandRequest
from gateway.api.stripe_accounts import accounts_of, merchant_of, web_address
from gateway.auth.tokens import Tickets
from gateway.ports import GatewayDependencies
from projections.merchants.queries import merchant_of_stripe_account
from projections.reading.scope import SYSTEM

STATE_FOR = timedelta(minutes=30)
"""How long a merchant may take on Stripe's page."""
ONCE = Allowance(burst=1, interval=STATE_FOR * 2)
"""A state counts once; it has expired before its allowance is refilled."""
CODE_MAX = 500


async def begin(deps: GatewayDependencies, request: CommandRequest, *, redirect_url: str) -> str:
    """Return the address of Stripe's page for a merchant. It leads back to ``redirect_url`` with a state and a code.

    Raises:
        InvalidInput: the address is none.
        OtherAccountConnected: disconnect it first.
        StripeNotConfigured, LinkingNotConfigured: this installation links no accounts.
    """
    accounts = accounts_of(deps)
    back = web_address("redirectUrl", redirect_url)
    merchant = await merchant_of(deps, request)
    if merchant.stripe_account_id is not None:
        raise OtherAccountConnected(merchant.stripe_account_id)
    email = await deps.personal.open(merchant.email)
    return accounts.authorize_url(state=_states(deps).sign(request.merchant_id), redirect_url=back, email=email)


async def finish(
    deps: GatewayDependencies, request: CommandRequest, *, state: str, code: str | None, error: str | None
) -> Receipt:
    """Connect the account of a merchant who came back from Stripe's page.

    Args:
        deps: the gateway's dependencies.
        request: the merchant's.
        state: as it came back. It is the merchant's own, counts once, and expires.
        code: as it came back; None if access was denied.
        error: Stripe's name for what went wrong, such as ``access_denied``.

    Raises:
        InvalidInput: the state or code is wrong, used, expired or of another merchant.
        ConsentDenied: the merchant said no.
        WrongMode, AccessTooNarrow: the access cannot be used; it was given back.
        AccountOfAnotherMerchant, OtherAccountConnected: the account cannot be connected.
        Transient: Stripe cannot be reached; start again with linkStripe.
    """
    accounts = accounts_of(deps)
    ticket = _states(deps).read(state)
    if ticket is None or ticket.merchant_id != request.merchant_id:
        raise InvalidInput(
            "state", "Invalid state: it is altered, expired or of another merchant. Start with linkStripe."
        )
    key = hashlib.blake2b(f"stripe state\0{ticket.id}".encode(), key=deps.secrets.current, digest_size=16).digest()
    if await deps.limits.take(key, ONCE, at=deps.clock.now()) is not None:
        raise InvalidInput("state", "Invalid state: it was used already. Read stripeAccount, or start with linkStripe.")
    if error is not None or code is None:
        raise ConsentDenied((error or "no code")[:100])
    if not code or len(code) > CODE_MAX:
        raise InvalidInput("code", f"Invalid code: it has {len(code)} characters. Send it as Stripe returned it.")
    account = await accounts.accept(code)
    try:
        return await _connect(deps, request, accounts, account)
    except AccountOfAnotherMerchant:
        # The access is in use: giving it back would cut off the merchant whose account it is here.
        raise
    except DomainError:
        await accounts.deauthorize(account.account_id)
        raise


async def _connect(
    deps: GatewayDependencies, request: CommandRequest, accounts: StripeAccounts, account: LinkedAccount
) -> Receipt:
    owner = await merchant_of_stripe_account(deps.reader, account.account_id, scope=SYSTEM)
    if owner not in {None, request.merchant_id}:
        raise AccountOfAnotherMerchant(account.account_id)
    if account.live is not accounts.live:
        raise WrongMode(f"The Stripe account {account.account_id}", live=account.live)
    if not account.can_charge:
        raise AccessTooNarrow
    return await request.send(
        ConnectStripe(
            merchant_id=request.merchant_id,
            account_id=account.account_id,
            live=account.live,
            link=StripeLink.EXISTING,
            status=await accounts.status(account.account_id),
        )
    )


def _states(deps: GatewayDependencies) -> Tickets:
    return Tickets(deps.signing_keys, deps.clock, purpose="stripe-link", lifetime=STATE_FOR)
