"""Stripe's webhooks as the gateway receives them and as the agents read them from the log.

There are two endpoints with two secrets: one for merchants' accounts (Connect), one for the platform's own account.
"""

import json
from collections.abc import Sequence

from domain.kernel import Clock
from domain.merchant.ports import OwnKey
from domain.order.ports import Notice, PlatformNotice, UnusableWebhook
from infra.adapters.payments.signatures import verify
from infra.adapters.payments.stripe.client import NAME, PLATFORM_NAME
from infra.adapters.payments.stripe.platform_webhooks import RECORDED as RECORDED_OF_PLATFORM
from infra.adapters.payments.stripe.platform_webhooks import read_platform_notice
from infra.adapters.payments.stripe.webhooks import RECORDED, read_notice, recordable

SIGNATURE_HEADER = "stripe-signature"


class StripeNotices:
    """Webhooks about merchants' accounts. Implements :class:`domain.order.ports.NoticeReader`."""

    recorded = RECORDED

    def __init__(self, *, live: bool) -> None:
        """Take whether this installation takes real money."""
        self._live = live

    @property
    def name(self) -> str:
        return NAME

    def read_body(self, body: str) -> Notice | None:
        """Read a webhook that was verified on arrival; None if its kind does not matter here.

        Raises:
            UnusableWebhook: the body is invalid.
        """
        return read_notice(body, live=self._live)


class StripePlatformNotices:
    """Webhooks about the platform's own account. Implements :class:`domain.order.ports.NoticeReader`."""

    recorded = RECORDED_OF_PLATFORM

    def __init__(self, *, live: bool) -> None:
        """Take whether this installation takes real money."""
        self._live = live

    @property
    def name(self) -> str:
        return PLATFORM_NAME

    def read_body(self, body: str) -> PlatformNotice | None:
        """Read a webhook that was verified on arrival; None if its kind does not matter here.

        Raises:
            UnusableWebhook: the body is invalid.
        """
        return read_platform_notice(body, live=self._live)


class StripeWebhooks:
    """One endpoint of Stripe's webhooks. Implements :class:`domain.order.ports.WebhookReader`. It needs no network."""

    def __init__(
        self,
        secrets: Sequence[str],
        *,
        live: bool,
        clock: Clock,
        notices: type[StripeNotices | StripePlatformNotices] = StripeNotices,
    ) -> None:
        """Take the endpoint's secrets; while one is rotated, both count.

        Args:
            secrets: ``whsec_...``, at least one.
            live: whether this installation takes real money.
            clock: for the age of webhooks.
            notices: what the endpoint's webhooks are about.
        """
        if not secrets:
            raise ValueError("Stripe's webhooks cannot be verified without a secret.")
        self._secrets = [secret.encode() for secret in secrets]
        self._notices = notices(live=live)
        self._clock = clock

    @property
    def name(self) -> str:
        return self._notices.name

    @property
    def signature_header(self) -> str:
        return SIGNATURE_HEADER

    def read_webhook(self, body: bytes, signature: str) -> Notice | None:
        """Verify a webhook and read it; None if its kind does not matter here.

        Raises:
            InvalidSignature: made with another secret, changed on the way, or too old or too new.
            UnusableWebhook: it is signed, but its content is invalid.
        """
        self._verify(body, signature)
        return self.read_body(_text(body))

    def _verify(self, body: bytes, signature: str) -> None:
        verify(body, signature, self._secrets, self._clock.now())

    def read_body(self, body: str) -> Notice | None:
        """Read a webhook that was verified on arrival; None if its kind does not matter here.

        Raises:
            UnusableWebhook: the body is invalid.
        """
        return self._notices.read_body(body)

    def recordable(self, body: str) -> str:
        """Return the body without personal data."""
        return recordable(body, self._notices.recorded)


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise UnusableWebhook("The body is not UTF-8.") from error


class OwnKeyWebhooks(StripeWebhooks):
    """The endpoint at a merchant's own account. Its webhooks name no account, so the account is written into them."""

    def __init__(self, key: OwnKey, *, live: bool, clock: Clock) -> None:
        super().__init__([endpoint.secret for endpoint in key.endpoints], live=live, clock=clock)
        self._account_id = key.account_id

    def read_webhook(self, body: bytes, signature: str) -> Notice | None:
        """Verify a webhook and read it; None if its kind does not matter here, or it is about another account.

        Raises:
            InvalidSignature: made with another secret, changed on the way, or too old or too new.
            UnusableWebhook: it is signed, but its content is invalid.
        """
        self._verify(body, signature)
        return self.read_body(self._named(_text(body)))

    def recordable(self, body: str) -> str:
        """Return the body without personal data, with the account."""
        return super().recordable(self._named(body))

    def _named(self, body: str) -> str:
        try:
            content = json.loads(body)
        except ValueError as error:
            raise UnusableWebhook("The body is not JSON.") from error
        if not isinstance(content, dict) or content.get("account") not in {None, self._account_id}:
            raise UnusableWebhook("The body is about another account.")
        return json.dumps(content | {"account": self._account_id})
