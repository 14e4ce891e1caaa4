"""What an outside system reported."""

from uuid import UUID

from domain.kernel import DomainEvent


class WebhookReceived(DomainEvent, wire_name="inbox.webhook_received.v1"):
    """Somebody outside told us something, and its signature was right. Once per source and external id."""

    source: str
    """``sandbox-payments``, ``stripe``, ``cj`` ..."""
    external_id: str
    """The sender's id of it; the same one is recorded once."""
    type: str
    """The sender's name for it, ``checkout.session.completed``."""
    store_id: UUID
    """Which store it concerns."""
    body: str
    """The raw body. Sources that put personal data into it are sealed by their adapter first."""


class WebhookRejected(DomainEvent, wire_name="inbox.webhook_rejected.v1"):
    """A webhook was signed right but cannot be used: the merchant looks at it at the provider. Once per webhook.

    Money may have moved. What makes no sense by itself is rejected before it is received; what names no order of the
    store, after that.
    """

    source: str
    """``sandbox``, ``stripe`` ..."""
    external_id: str
    """The sender's id of it, by which it is found there."""
    type: str
    """The sender's name for it, ``checkout.session.completed``."""
    store_id: UUID
    """Which store it concerns."""
    order_id: UUID | None = None
    """What it says it is about; None where it says nothing that is an id."""
    reason: str
    """Why, for the merchant."""


InboxEvent = WebhookReceived | WebhookRejected
