"""A merchant's account at Stripe: opening it, sending the merchant to Stripe's questions, and Stripe's terms in sentences."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from commands.merchant import ConnectStripe, DisconnectStripe, RecordStripeStatus
from commands.ports import Receipt
from domain.kernel import InvalidInput, NotFound
from domain.merchant.errors import AnswersInDashboard, NoAccountConnected, StripeNotConfigured
from domain.merchant.events import StripeLink
from domain.merchant.ports import StripeAccounts
from gateway.api.command_request import CommandRequest
from gateway.ports import GatewayDependencies
from projections.merchants import queries as merchants_queries
from projections.merchants.views import FormerStripeAccountView, MerchantView

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
    # Names of Stripe's second interface; the longest that fits counts.
    "identity.attestations": "Accept Stripe's terms.",
    "identity.business_details": "Complete the data of your company.",
    "identity.entity_type": "Say whether you are a company or a single person.",
    "identity.individual": "Complete your personal data.",
    "identity.persons": "Complete the data of a person who owns or runs the company.",
    "identity": "Complete the data of your business.",
    "configuration.merchant.mcc": "Describe your business: its website, and what it sells.",
    "configuration.merchant": "Complete how you take payments.",
    "defaults.profile": "Describe your business: its website, and what it sells.",
    "defaults": "Complete the settings of your account.",
    "payout_methods": "Add the bank account that Stripe pays out to.",
}
"""Sentences by the beginning of Stripe's name for a requirement."""

RESTRICTIONS: Mapping[str, str] = {
    "requirements.past_due": "Stripe restricted the account, because answers are overdue. Answer its questions.",
    "requirements.pending_verification": "Stripe checks your answers. This can take a few days. There is nothing for you to do.",
    "under_review": "Stripe reviews the account. Look into Stripe's dashboard for its questions.",
    "listed": "Stripe checks whether you are on a list of prohibited persons. Look into Stripe's dashboard.",
    "platform_paused": "This platform paused the account. Ask its operator.",
    "key_refused": "Stripe does not take your key any more. Make another one at Stripe and enter it here.",
    "requirements.fields_needed": "Stripe needs more answers before the account can take payments.",
    "restricted_other": "Stripe restricted the account. Look into Stripe's dashboard for the reason.",
    "unsupported_business": "Stripe does not support this kind of business. Write to Stripe's support.",
    "unsupported_country": "Stripe does not support card payments in this country. Write to Stripe's support.",
    "unsupported_entity_type": "Stripe does not support this legal form. Correct it in Stripe's questions.",
    "action_required.requested_capabilities": "Ask Stripe to enable card payments: answer its questions.",
}
"""Sentences by Stripe's reason."""


def requirement_message(code: str) -> str:
    """Return what Stripe needs, as a sentence."""
    if code.startswith("person_"):
        return REQUIREMENTS["person"]
    parts = code.split(".")
    beginnings = (".".join(parts[:length]) for length in range(len(parts), 0, -1))
    known = next((each for each in beginnings if each in REQUIREMENTS), "")
    return REQUIREMENTS.get(known, f"Stripe needs “{code}”. Answer its questions.")


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
        AnswersInDashboard: the connected account is one that the merchant had.
        StripeNotConfigured: payments are a sandbox.
        Transient: Stripe cannot be reached; retrying may help.
    """
    accounts = accounts_of(deps)
    pages = f"{deps.public_url.rstrip('/')}/dashboard/integrations/stripe"
    back = web_address("returnUrl", return_url or f"{pages}/return")
    again = web_address("refreshUrl", refresh_url or f"{pages}/refresh")
    merchant = await merchant_of(deps, request)
    if merchant.stripe is not None and merchant.stripe.link is not StripeLink.OPENED:
        raise AnswersInDashboard(merchant.stripe.account_id)
    scope = request.scope
    former = await merchants_queries.former_stripe_account(deps.reader, request.merchant_id, scope=scope)
    account_id = merchant.stripe_account_id or await _usable_former(former, accounts)
    if account_id is None:
        email = await deps.personal.open(merchant.email)
        business = await merchants_queries.business_identity(deps.reader, request.merchant_id, scope=scope)
        account_id = await accounts.create(
            request.merchant_id,
            email=email or "",
            country=None if business is None else business.country,
            instead_of=None if former is None else former.account_id,
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
    account_id = (await merchant_of(deps, request)).stripe_account_id
    if account_id is None:
        raise NoAccountConnected
    status = await accounts_of(deps).status(account_id)
    if status is None:
        return await request.send(
            DisconnectStripe(merchant_id=request.merchant_id, account_id=account_id, by_merchant=False)
        )
    return await request.send(RecordStripeStatus(merchant_id=request.merchant_id, account_id=account_id, status=status))


async def disconnect(deps: GatewayDependencies, request: CommandRequest) -> Receipt:
    """Stop taking payments into the merchant's account. Access that the merchant granted to an existing one is given back.

    Raises:
        NoAccountConnected: there is none.
        StripeRefused: Stripe refused to take the access back; retrying cannot help.
        Transient: Stripe cannot be reached; retrying may help.
    """
    account = (await merchant_of(deps, request)).stripe
    if account is None:
        raise NoAccountConnected
    account_id = account.account_id
    if account.link is StripeLink.EXISTING and deps.stripe is not None:
        # First at Stripe: if our own part fails, Stripe's webhook about it does the rest.
        await deps.stripe.deauthorize(account_id)
    return await request.send(
        DisconnectStripe(merchant_id=request.merchant_id, account_id=account_id, by_merchant=True)
    )


async def merchant_of(deps: GatewayDependencies, request: CommandRequest) -> MerchantView:
    """Return the merchant of a request.

    Raises:
        NotFound: there is none.
    """
    scope = request.scope
    merchant = await merchants_queries.merchant_by_id(deps.reader, request.merchant_id, scope=scope)
    if merchant is None:
        raise NotFound("merchant", request.merchant_id)
    return merchant


async def _usable_former(former: FormerStripeAccountView | None, accounts: StripeAccounts) -> str | None:
    # A second account would ask all questions again and split the merchant's payouts.
    if former is None or former.live is not accounts.live or former.link is not StripeLink.OPENED:
        return None
    return None if await accounts.status(former.account_id) is None else former.account_id


def accounts_of(deps: GatewayDependencies) -> StripeAccounts:
    """Return what opens and asks about accounts.

    Raises:
        StripeNotConfigured: payments are a sandbox.
    """
    if deps.stripe is None:
        raise StripeNotConfigured
    return deps.stripe


def web_address(field: str, url: str) -> str:
    """Return an address to which a browser may be sent.

    Raises:
        InvalidInput: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.netloc or len(url) > URL_MAX:
        raise InvalidInput(field, f"{field} is {url[:100]!r}, but must be an http or https address.")
    return url
