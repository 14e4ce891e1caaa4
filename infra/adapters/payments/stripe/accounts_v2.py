"""Stripe's second interface for accounts (``/v2/core/accounts``), which new platforms must use.

Its answers contain only the parts that a request includes.
"""

import stripe
from pydantic import ValidationError
from stripe.params.v2.core import AccountCreateParams

from domain.kernel import Transient
from domain.merchant.ports import StripeStatus
from infra.adapters.payments.stripe.accounts_v1 import REQUIREMENTS_MAX
from infra.adapters.payments.stripe.client import WHO, ask
from infra.adapters.payments.stripe.client import create as create_by_key
from infra.adapters.payments.webhook_parts import Name, Part, why

UNAVAILABLE = frozenset(
    {
        "accounts_v2_access_blocked",
        "non_connect_platform_accounts_v2_access_blocked",
        "account_not_yet_compatible_with_v2",
        "v1_account_instead_of_v2_account",
    }
)
"""Stripe's reasons that send a platform, or one account of it, to the first interface."""
DUE = frozenset({"currently_due", "past_due"})


class _Deadline(Part):
    status: str


class _Entry(Part):
    description: Name
    awaiting_action_from: str = "user"
    minimum_deadline: _Deadline | None = None


class _Requirements(Part):
    entries: list[_Entry] | None = None


class _Detail(Part):
    code: Name


class _Capability(Part):
    status: str = ""
    status_details: list[_Detail] | None = None


class _Payouts(Part):
    payouts: _Capability | None = None


class _Capabilities(Part):
    card_payments: _Capability | None = None
    stripe_balance: _Payouts | None = None


class _Merchant(Part):
    capabilities: _Capabilities | None = None


class _Configuration(Part):
    merchant: _Merchant | None = None


class _Account(Part):
    configuration: _Configuration | None = None
    requirements: _Requirements | None = None


async def create(
    client: stripe.StripeClient, *, email: str, country: str | None, metadata: dict[str, str], key: str
) -> str:
    """Open an account and return its id. Raises what :func:`ask` raises."""
    params: AccountCreateParams = {
        "contact_email": email,
        "dashboard": "full",
        "configuration": {"merchant": {"capabilities": {"card_payments": {"requested": True}}}},
        "defaults": {"responsibilities": {"fees_collector": "stripe", "losses_collector": "stripe"}},
        "metadata": metadata,
        "include": ["configuration.merchant", "requirements"],
    }
    if country is not None:
        params["identity"] = {"country": country.lower()}
    account = await create_by_key(
        lambda key: client.v2.core.accounts.create_async(params=params, options={"idempotency_key": key}), key
    )
    return account.id


async def onboarding_url(client: stripe.StripeClient, account_id: str, *, return_url: str, refresh_url: str) -> str:
    """Return a link to Stripe's questions. Raises what :func:`ask` raises."""
    link = await ask(
        client.v2.core.account_links.create_async(
            params={
                "account": account_id,
                "use_case": {
                    "type": "account_onboarding",
                    "account_onboarding": {
                        "return_url": return_url,
                        "refresh_url": refresh_url,
                        # All questions at once: a merchant who is asked twice does not come back.
                        "collection_options": {"fields": "eventually_due"},
                    },
                },
            }
        )
    )
    return link.url


async def status(client: stripe.StripeClient, account_id: str) -> StripeStatus:
    """Return what Stripe says of an account. Raises what :func:`ask` raises.

    Raises:
        Transient: the answer makes no sense; retrying may help.
    """
    account = await ask(
        client.v2.core.accounts.retrieve_async(
            account_id, params={"include": ["configuration.merchant", "requirements"]}
        )
    )
    try:
        said = _Account.model_validate(account.to_dict())
    except ValidationError as error:
        raise Transient(WHO, f"its answer about the account makes no sense: {why(error)}") from error
    merchant = None if said.configuration is None else said.configuration.merchant
    capabilities = (None if merchant is None else merchant.capabilities) or _Capabilities()
    cards = capabilities.card_payments or _Capability()
    payouts = (capabilities.stripe_balance or _Payouts()).payouts or _Capability()
    entries = [] if said.requirements is None else said.requirements.entries or []
    due = {
        entry.description
        for entry in entries
        if entry.awaiting_action_from == "user"
        and entry.minimum_deadline is not None
        and entry.minimum_deadline.status in DUE
    }
    return StripeStatus(
        charges_enabled=cards.status == "active",
        payouts_enabled=payouts.status == "active",
        # Stripe has no such field here. A merchant who answered everything is waited for no more.
        details_submitted=bool(cards.status) and not due,
        requirements=tuple(sorted(due))[:REQUIREMENTS_MAX],
        disabled_reason=_reason(cards),
    )


def _reason(cards: _Capability) -> str | None:
    """Return why cards are not accepted, in the words of the first interface, so that one table explains both."""
    if cards.status in {"", "active"} or not cards.status_details:
        return None
    code = cards.status_details[0].code
    if code == "determining_status":
        return None
    kind, _, rest = code.partition("_")
    return f"{kind}.{rest}" if kind in {"requirements", "rejected"} else code
