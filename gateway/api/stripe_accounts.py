"""A merchant's account at Stripe: opening it, sending the merchant to Stripe's questions, and Stripe's terms in sentences."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from commands.merchant import ConnectStripe, DisconnectStripe, RecordStripeStatus
from commands.ports import Receipt
from domain.kernel import InvalidInput, NotFound
from domain.merchant.errors import NoAccountConnected, StripeNotConfigured
from domain.merchant.ports import StripeAccounts
from gateway.api.command_request import CommandRequest
from gateway.ports import GatewayDependencies
from projections.merchants import queries as merchants_queries
from projections.merchants.views import MerchantView
from projections.reading.scope import MerchantScope

URL_MAX = 2_000

REQUIREMENTS: Mapping[str, str] = {
    "external_account": "Add the bank account that Stripe pays out to.",
    "tos_acceptance": "Accept Stripe's terms.",
    "business_profile": "Describe your business: its website, and what it sells.",
    "business_type": "Say whether you are a company or a single person.",
    "company": "Complete the data of your company.",
    "individual": "Complete your personal data.",
    "person": "Complete the data of a person who owns or runs the company.",
    "representative": "Complete the data of the person who represents the company.",
    "owners": "Name the owners of the company.",
    "directors": "Name the directors of the company.",
    "documents": "Upload the document that Stripe asks for.",
}
"""Sentences by the beginning of Stripe's name for a requirement."""

RESTRICTIONS: Mapping[str, str] = {
    "requirements.past_due": "Stripe restricted the account, because answers are overdue. Answer its questions (connectStripe).",
    "requirements.pending_verification": "Stripe checks your answers. This takes up to a few days; nothing is to do now.",
    "under_review": "Stripe reviews the account. Look into Stripe's dashboard for its questions.",
    "listed": "Stripe checks whether you are on a list of prohibited persons. Look into Stripe's dashboard.",
    "platform_paused": "This platform paused the account. Ask its operator.",
    "action_required.requested_capabilities": "Ask Stripe to enable card payments: answer its questions (connectStripe).",
}
"""Sentences by Stripe's reason."""


def requirement_message(code: str) -> str:
    """Return what Stripe needs, as a sentence."""
    kind = "person" if code.startswith("person_") else code.partition(".")[0]
    return REQUIREMENTS.get(kind, f"Stripe needs “{code}”. Answer its questions (connectStripe).")


def restriction_message(reason: str) -> str:
    """Return why Stripe restricted an account, as a sentence."""
    if reason.startswith("rejected."):
        return f"Stripe rejected the account ({reason}). Write to Stripe's support; another account may be needed."
    return RESTRICTIONS.get(reason, f"Stripe restricted the account ({reason}). Look into Stripe's dashboard.")


async def connect(
    deps: GatewayDependencies, request: CommandRequest, *, return_url: str | None, refresh_url: str | None
) -> tuple[Receipt, str]:
    """Open the merchant's account if there is none, and return a link to Stripe's questions.

    A merchant who disconnected an account gets it back, unless the platform lost access to it.

    Raises:
        InvalidInput: an address is none.
        StripeNotConfigured: payments are a sandbox.
        Transient: Stripe cannot be reached; retrying may help.
    """
    accounts = _accounts(deps)
    back = _address("returnUrl", return_url or deps.public_url)
    again = _address("refreshUrl", refresh_url or back)
    merchant = await _merchant(deps, request)
    account_id = merchant.stripe_account_id or await _usable_former(merchant, accounts)
    if account_id is None:
        email = await deps.personal.open(merchant.email)
        business = await merchants_queries.business_identity(
            deps.reader, request.merchant_id, scope=MerchantScope(request.merchant_id)
        )
        account_id = await accounts.create(
            request.merchant_id,
            email=email or "",
            country=None if business is None else business.country,
            instead_of=merchant.former_stripe_account_id,
        )
    receipt = await request.send(
        ConnectStripe(merchant_id=request.merchant_id, account_id=account_id, live=accounts.live)
    )
    return receipt, await accounts.onboarding_url(account_id, return_url=back, refresh_url=again)


async def check(deps: GatewayDependencies, request: CommandRequest) -> Receipt:
    """Ask Stripe about the merchant's account and record the answer.

    Raises:
        NoAccountConnected: there is none.
        StripeNotConfigured: payments are a sandbox.
        Transient: Stripe cannot be reached; retrying may help.
    """
    account_id = (await _merchant(deps, request)).stripe_account_id
    if account_id is None:
        raise NoAccountConnected
    status = await _accounts(deps).status(account_id)
    if status is None:
        return await request.send(
            DisconnectStripe(merchant_id=request.merchant_id, account_id=account_id, by_merchant=False)
        )
    return await request.send(RecordStripeStatus(merchant_id=request.merchant_id, account_id=account_id, status=status))


async def disconnect(deps: GatewayDependencies, request: CommandRequest) -> Receipt:
    """Stop taking payments into the merchant's account.

    Raises:
        NoAccountConnected: there is none.
    """
    account_id = (await _merchant(deps, request)).stripe_account_id
    if account_id is None:
        raise NoAccountConnected
    return await request.send(
        DisconnectStripe(merchant_id=request.merchant_id, account_id=account_id, by_merchant=True)
    )


async def _merchant(deps: GatewayDependencies, request: CommandRequest) -> MerchantView:
    scope = MerchantScope(request.merchant_id)
    merchant = await merchants_queries.merchant_by_id(deps.reader, request.merchant_id, scope=scope)
    if merchant is None:
        raise NotFound("merchant", request.merchant_id)
    return merchant


async def _usable_former(merchant: MerchantView, accounts: StripeAccounts) -> str | None:
    # A second account would ask all questions again and split the merchant's payouts.
    former = merchant.former_stripe_account_id
    if former is None or merchant.former_stripe_live is not accounts.live:
        return None
    return None if await accounts.status(former) is None else former


def _accounts(deps: GatewayDependencies) -> StripeAccounts:
    if deps.stripe is None:
        raise StripeNotConfigured
    return deps.stripe


def _address(field: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or len(url) > URL_MAX:
        raise InvalidInput(field, f"{field} is {url[:100]!r}, but must be an http or https address.")
    return url
