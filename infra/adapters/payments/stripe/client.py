"""The connection to Stripe: timeouts, retries, and what its errors mean here.

Every request that creates something has an idempotency key that is derived from our own ids, so that a repeat after a lost
answer returns the first answer.
"""

from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import TypeVar

import stripe
from stripe._base_address import BaseAddresses

from domain.kernel import DomainError, Transient
from domain.order.errors import PaymentAccountGone

T = TypeVar("T")

UNDECIDED = (
    stripe.APIConnectionError,
    stripe.RateLimitError,
    stripe.APIError,
    stripe.AuthenticationError,
    stripe.IdempotencyError,
)
"""Errors that say nothing about what was asked: an earlier try, of which the answer was lost, may have done it.

A wrong key of the platform and an idempotency key that is in use are among them: both end when a person or time helps.
"""
MISSING = frozenset({"resource_missing", "not_found"})
"""Stripe's names for a thing that does not exist, in its first and its second interface."""
TIMEOUT_SECONDS = 15
RETRIES = 2
"""Repeats by Stripe's own library: after a failed connection, 409 and 5xx, with the same idempotency key."""
NAME = "stripe"
"""The provider's name in events and in the address of its webhooks."""
PLATFORM_NAME = "stripe-platform"
"""The name of the platform's own account in the address and the source of its webhooks."""
WHO = "Stripe"
"""Its name for people."""


class StripeRefused(DomainError):
    """Stripe refused a request for good: a wrong value, a missing permission, or an account that cannot do this."""

    code = "PAYMENT_PROVIDER_REFUSED"

    def __init__(self, said: str, reason: str | None = None) -> None:
        super().__init__(f"Stripe refused the request: {said}")
        self.reason = reason
        """Stripe's name for it, such as ``resource_missing``; None if it gave none."""


class AccountGone(StripeRefused, PaymentAccountGone):
    """The account does not exist, or its owner took the platform's access away."""


class NotThere(StripeRefused):
    """The account has no such thing."""


@asynccontextmanager
async def stripe_client(secret_key: str, *, api_base: str | None = None) -> AsyncIterator[stripe.StripeClient]:
    """Open a client of the platform's account.

    Args:
        secret_key: ``sk_...`` or ``rk_...``.
        api_base: another address than Stripe's, for tests.
    """
    addresses: BaseAddresses = {} if api_base is None else {"api": api_base, "connect": api_base}
    http = stripe.HTTPXClient(timeout=TIMEOUT_SECONDS)
    try:
        yield stripe.StripeClient(secret_key, base_addresses=addresses, max_network_retries=RETRIES, http_client=http)
    finally:
        http.close()  # type: ignore[no-untyped-call]
        await http.close_async()  # type: ignore[no-untyped-call]


async def ask(call: Awaitable[T]) -> T:
    """Wait for Stripe's answer.

    Raises:
        StripeRefused: retrying cannot help.
        Transient: Stripe did not decide; see :data:`UNDECIDED`. Its library has retried already.
    """
    try:
        return await call
    except UNDECIDED as error:
        # Its message may repeat values of the request; the kind of the error is enough.
        outage = Transient(WHO, type(error).__name__)
        outage.attempts = RETRIES + 1
        raise outage from error
    except stripe.PermissionError as error:
        raise AccountGone(error.user_message or type(error).__name__, error.code) from error
    except stripe.InvalidRequestError as error:
        kind = NotThere if error.code in MISSING else StripeRefused
        raise kind(error.user_message or type(error).__name__, error.code) from error
    except stripe.StripeError as error:
        raise StripeRefused(error.user_message or type(error).__name__, error.code) from error
