"""The connection to Stripe: timeouts, retries, and what its errors mean here.

Every request that creates something has an idempotency key that is derived from our own ids, so that a repeat after a lost
answer returns the first answer.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

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
KEYS = 3
"""The most idempotency keys for one thing; see :func:`create`."""
ACCOUNT_HEADER = "Stripe-Account"
KEY = re.compile(r"['\"]?\b(sk|rk|pk)_(live|test)_\S+")
NAME = "stripe"
"""The provider's name in events and in the address of its webhooks."""
PLATFORM_NAME = "stripe-platform"
"""The name of the platform's own account in the address and the source of its webhooks."""
WHO = "Stripe"
"""Its name for people."""


class AnswerKept(Transient):
    """Stripe failed, and repeats this failure for a day whenever it gets the same idempotency key."""


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


class OwnKeys(Protocol):
    """Finds the keys of merchants who gave the platform one instead of connecting their account."""

    async def key_of(self, account_id: str) -> str | None:
        """Return the own key of an account; None if the platform reaches the account through Connect."""
        ...


class _KeyedHttp(stripe.HTTPXClient):
    """Sends requests about an account with the account's own key, if its merchant gave one.

    So no adapter needs to know which accounts have one, and none can forget it: the platform's key does not reach them.
    """

    def __init__(self, own_keys: OwnKeys | None) -> None:
        super().__init__(timeout=TIMEOUT_SECONDS)
        self._own_keys = own_keys

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        account_id = headers.get(ACCOUNT_HEADER)
        if account_id is not None and self._own_keys is not None:
            key = await self._own_keys.key_of(account_id)
            if key is not None:
                headers = {name: value for name, value in headers.items() if name != ACCOUNT_HEADER}
                headers["Authorization"] = f"Bearer {key}"
        return await super().request_async(method, url, headers, post_data)


@asynccontextmanager
async def stripe_client(
    secret_key: str, *, api_base: str | None = None, own_keys: OwnKeys | None = None
) -> AsyncIterator[stripe.StripeClient]:
    """Open a client of the platform's account.

    Args:
        secret_key: ``sk_...`` or ``rk_...``.
        api_base: another address than Stripe's, for tests.
        own_keys: the keys with which requests about some accounts are sent; None if there are none.
    """
    addresses: BaseAddresses = {} if api_base is None else {"api": api_base, "connect": api_base, "files": api_base}
    http = _KeyedHttp(own_keys)
    try:
        yield stripe.StripeClient(secret_key, base_addresses=addresses, max_network_retries=RETRIES, http_client=http)
    finally:
        http.close()  # type: ignore[no-untyped-call]
        await http.close_async()  # type: ignore[no-untyped-call]


def client_with(client: stripe.StripeClient, secret_key: str) -> stripe.StripeClient:
    """Return a client of another key with the same connections."""
    requestor = client._requestor  # noqa: SLF001 - the library has no public name for it
    return stripe.StripeClient(
        secret_key,
        base_addresses=requestor.base_addresses,
        max_network_retries=RETRIES,
        http_client=requestor._client,  # noqa: SLF001
    )


def without_keys(said: str) -> str:
    """Return a text of Stripe's without keys, which it repeats in part."""
    return KEY.sub("the key", said)


def _said(error: stripe.StripeError) -> str:
    return without_keys(error.user_message or type(error).__name__)


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
        kind = AnswerKept if _is_kept(error) else Transient
        outage = kind(WHO, type(error).__name__)
        outage.attempts = RETRIES + 1
        raise outage from error
    except stripe.PermissionError as error:
        raise AccountGone(_said(error), error.code) from error
    except stripe.InvalidRequestError as error:
        refusal = NotThere if error.code in MISSING else StripeRefused
        raise refusal(_said(error), error.code) from error
    except stripe.StripeError as error:
        raise StripeRefused(_said(error), error.code) from error


async def create(call: Callable[[str], Awaitable[T]], key: str) -> T:
    """Send a request of which a second one does no harm, such as for a page whose address no shopper has.

    Nor does an account that no merchant uses, or evidence, of which Stripe takes one submission. Stripe keeps the first
    answer to a key for a day, a failure of its own included. Another key then gets another try. Not for what moves money:
    the first try may have moved it.

    Args:
        call: sends the request with an idempotency key.
        key: the first key; the same in every repeat.

    Raises:
        StripeRefused: retrying cannot help.
        Transient: Stripe did not decide; see :data:`UNDECIDED`.
    """
    for number in range(2, KEYS + 1):
        try:
            return await ask(call(key))
        except AnswerKept:
            key = f"{key.removesuffix(f':again-{number - 1}')}:again-{number}"
    return await ask(call(key))


def _is_kept(error: stripe.StripeError) -> bool:
    """Whether Stripe repeated an answer that it had given to the same idempotency key."""
    return (error.headers or {}).get("idempotent-replayed") == "true"
