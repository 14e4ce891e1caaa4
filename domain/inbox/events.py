"""Events of the inbox."""

from enum import StrEnum
from uuid import UUID

from domain.kernel import DomainEvent, Value


class SubjectKind(StrEnum):
    """The kinds of thing that a webhook can be about. PLATFORM: no merchant here, such as an unknown account."""

    STORE = "STORE"
    MERCHANT = "MERCHANT"
    PLATFORM = "PLATFORM"


class WebhookSubject(Value):
    """The thing that a webhook is about: a store, a merchant's account or the platform."""

    kind: SubjectKind
    id: UUID | None
    """The id of the store or merchant; null for the platform."""


class WebhookReceived(DomainEvent, wire_name="inbox.webhook_received.v2"):
    """An outside system sent a webhook, and its signature was valid. Once per source and external id.

    A webhook about an account that no merchant here had is received a second time, on a stream of its own, when a merchant
    connects the account.
    """

    source: str
    """The sender: ``sandbox``, ``stripe``, ``cj`` ..."""
    external_id: str
    """The sender's id of the webhook; the same id is recorded once."""
    type: str
    """The sender's name for the kind of webhook, ``checkout.session.completed``."""
    subject: WebhookSubject
    """The thing that the webhook is about."""
    body: str
    """The raw body. If a sender puts personal data into it, the adapter seals the data first."""

    @property
    def store_id(self) -> UUID | None:
        """The store that the webhook is about; None if it is about another thing."""
        return self.subject.id if self.subject.kind is SubjectKind.STORE else None


class WebhookRejected(DomainEvent, wire_name="inbox.webhook_rejected.v1"):
    """A webhook with a valid signature cannot be used; the merchant must check it at the provider. Once per webhook.

    Money may have moved. A webhook whose body makes no sense is rejected without being received. A webhook that names no
    order of the store is received and then rejected.
    """

    source: str
    """The sender: ``sandbox``, ``stripe`` ..."""
    external_id: str
    """The sender's id of the webhook, to find it there."""
    type: str
    """The sender's name for the kind of webhook, ``checkout.session.completed``."""
    store_id: UUID
    """The store that the webhook is about."""
    order_id: UUID | None = None
    """The order that the webhook names; null if it names no id."""
    reason: str
    """Why, for the merchant."""


InboxEvent = WebhookReceived | WebhookRejected
