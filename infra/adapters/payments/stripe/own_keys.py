"""Restricted keys of merchants who give the platform one instead of connecting their account.

A restricted key can do what its owner ticked. Stripe checks permissions before values, so a request without values shows
whether a permission is there and changes nothing.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

import stripe

from domain.kernel import Transient
from domain.merchant.errors import KeyRefused, WrongMode
from domain.merchant.ports import CheckedKey, KeyEndpoint
from infra.adapters.payments.stripe.accounts_v1 import read_status
from infra.adapters.payments.stripe.client import WHO, AccountGone, NotThere, StripeRefused, ask, client_with
from infra.adapters.payments.stripe.webhooks import CONNECT_EVENTS

Probe = Callable[[stripe.StripeClient], Awaitable[Any]]
NOTHING: Any = {}
"""No values, where Stripe's library demands some."""

PROBES: Sequence[tuple[str, Probe]] = (
    ("Checkout Sessions: write", lambda client: client.v1.checkout.sessions.create_async(NOTHING)),
    ("Coupons: write", lambda client: client.v1.coupons.create_async(NOTHING)),
    ("Customers: write", lambda client: client.v1.customers.list_async({"limit": 1})),
    ("Tax Calculations and Settings: read", lambda client: client.v1.tax.settings.retrieve_async()),
    ("PaymentIntents: read", lambda client: client.v1.payment_intents.list_async({"limit": 1})),
    ("Charges and Refunds: write", lambda client: client.v1.refunds.create_async(NOTHING)),
    ("Disputes: write", lambda client: client.v1.disputes.list_async({"limit": 1})),
    ("Payouts: read", lambda client: client.v1.payouts.list_async({"limit": 1})),
    ("Balance: read", lambda client: client.v1.balance.retrieve_async()),
    ("Webhook Endpoints: write", lambda client: client.v1.webhook_endpoints.create_async(NOTHING)),
)
"""What the platform needs, in the words of Stripe's page for keys, and a request that shows whether the key may do it."""


class StripeOwnKeys:
    """Implements :class:`domain.merchant.ports.OwnStripeKeys`."""

    def __init__(self, client: stripe.StripeClient, *, live: bool) -> None:
        """Take a client whose connections are shared, and whether this installation takes real money."""
        self._client = client
        self._live = live

    async def check(self, secret_key: str) -> CheckedKey:
        """Return the account of a key that can do what the platform needs.

        Raises:
            KeyRefused: it is not a restricted key, is revoked, or lacks permissions; the message names them.
            WrongMode: it is of the other mode.
            Transient: Stripe cannot be reached; retrying may help.
        """
        kind, _, rest = secret_key.partition("_")
        mode = rest.partition("_")[0]
        if kind != "rk" or mode not in {"live", "test"}:
            raise KeyRefused("it is not a restricted key. Make one at Stripe that begins with rk_live_ or rk_test_")
        if (mode == "live") is not self._live:
            raise WrongMode("The key", live=mode == "live")
        client = client_with(self._client, secret_key)
        try:
            account = await client.v1.accounts.retrieve_current_async()
        except stripe.AuthenticationError as error:
            raise KeyRefused("Stripe does not know it. Copy it again, or make another") from error
        except stripe.PermissionError as error:
            raise KeyRefused("it lacks permissions: Account: read. Add them at Stripe") from error
        except stripe.StripeError as error:
            raise Transient(WHO, type(error).__name__) from error
        lacking = [name for name, probe in PROBES if not await _may(probe(client))]
        if lacking:
            raise KeyRefused(f"it lacks permissions: {'; '.join(lacking)}. Add them at Stripe")
        return CheckedKey(account_id=account.id, status=read_status(account))

    async def watch(self, secret_key: str, url: str) -> KeyEndpoint:
        """Let Stripe send the account's webhooks to an address, and return the endpoint's id and secret.

        Raises:
            StripeRefused: Stripe cannot reach such an address; retrying cannot help.
            Transient: Stripe cannot be reached; retrying may help.
        """
        endpoint = await ask(
            client_with(self._client, secret_key).v1.webhook_endpoints.create_async(
                {"url": url, "enabled_events": list(CONNECT_EVENTS), "description": urlsplit(url).hostname or ""}
            )
        )
        secret = endpoint.to_dict().get("secret")
        if not isinstance(secret, str):
            raise Transient(WHO, "it made a webhook endpoint without a secret")
        return KeyEndpoint(id=endpoint.id, secret=secret)

    async def unwatch(self, secret_key: str, endpoint_id: str) -> None:
        """Take a webhook endpoint away. No-op if it is gone, or the key may not.

        Raises:
            Transient: Stripe cannot be reached; retrying may help.
        """
        try:
            await ask(client_with(self._client, secret_key).v1.webhook_endpoints.delete_async(endpoint_id))
        except (AccountGone, NotThere, StripeRefused):
            return


async def _may(call: Awaitable[Any]) -> bool:
    """Whether a key may do what was asked for. Any refusal but that of the permission says that it may."""
    try:
        await ask(call)
    except AccountGone:
        return False
    except StripeRefused:
        return True
    return True
