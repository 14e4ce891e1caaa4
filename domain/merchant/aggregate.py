"""The merchant aggregate: registered once, connected to suppliers and to an account that shoppers pay into."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from domain.editing import fingerprint
from domain.kernel import CorruptStream, StreamKind, first_header, next_header
from domain.merchant.account_events import AccountEvent, EmailVerified
from domain.merchant.errors import OtherAccountConnected, SupplierNotConnected
from domain.merchant.events import (
    BusinessIdentityStated,
    MerchantEvent,
    MerchantRegistered,
    StripeAccountConnected,
    StripeAccountDisconnected,
    StripeAccountStatusChanged,
    StripeLink,
    SupplierConnected,
    SupplierDisconnected,
    SupplierProvider,
)
from domain.merchant.ports import StripeStatus
from domain.privacy import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBusiness:
    """The unsealed parts of a stated business identity."""

    country: str
    """ISO 3166-1 alpha-2."""
    parts: frozenset[str]
    """The optional parts that are stated, such as ``vat_id``."""
    revision: str = ""
    """The fingerprint of the sealed identity; each statement has another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeAccount:
    """The merchant's account at Stripe, as Stripe described it last."""

    id: str
    live: bool
    link: StripeLink = StripeLink.OPENED
    status: StripeStatus = StripeStatus()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merchant:
    """A merchant's account, without credentials."""

    id: UUID
    version: int
    suppliers: Mapping[SupplierProvider, str | None] = field(default_factory=dict)
    """Connected suppliers, each with the merchant's account there; None if the supplier names none."""
    business: StatedBusiness | None = None
    """The business behind the stores; None until the merchant states it."""
    stripe: StripeAccount | None = None
    """The account that shoppers pay into; None until the merchant connects one."""
    former_accounts: frozenset[str] = frozenset()
    """Ids of accounts at Stripe that were connected before; orders were paid into them."""
    email_verified: bool = False
    """Whether mails to the account's address reached the merchant."""

    def connect(
        self, provider: SupplierProvider, *, account_id: str | None = None, at: datetime
    ) -> Sequence[MerchantEvent]:
        """Connect a supplier. No-op if it is connected with the same account."""
        if provider in self.suppliers and self.suppliers[provider] == account_id:
            return ()
        return (
            SupplierConnected(
                **next_header(self, at),
                provider=provider,
                account_id=account_id,
            ),
        )

    def disconnect(self, provider: SupplierProvider, *, at: datetime) -> Sequence[MerchantEvent]:
        """Disconnect a supplier.

        Raises:
            SupplierNotConnected: it is not connected.
        """
        if provider not in self.suppliers:
            raise SupplierNotConnected(provider)
        return (SupplierDisconnected(**next_header(self, at), provider=provider),)

    def state_identity(
        self, identity: Sealed, *, country: str, parts: Sequence[str], at: datetime
    ) -> Sequence[MerchantEvent]:
        """State the business behind the merchant's stores. The caller has checked and sealed it."""
        return (BusinessIdentityStated(**next_header(self, at), country=country, parts=list(parts), identity=identity),)

    def has_or_had(self, account_id: str) -> bool:
        """Whether an account at Stripe is or was the merchant's."""
        return account_id in self.former_accounts or (self.stripe is not None and self.stripe.id == account_id)

    def connect_stripe(
        self, account_id: str, *, live: bool, link: StripeLink = StripeLink.OPENED, at: datetime
    ) -> Sequence[MerchantEvent]:
        """Connect an account at Stripe. No-op if it is connected in this way.

        The event of another way for the same account changes the way only: a merchant may change to or from an own key.

        Raises:
            OtherAccountConnected: disconnect the other one first.
        """
        if self.stripe is not None:
            if self.stripe.id != account_id:
                raise OtherAccountConnected(self.stripe.id)
            if self.stripe.link is link or link is StripeLink.OPENED:
                return ()
        return (StripeAccountConnected(**next_header(self, at), account_id=account_id, live=live, link=link),)

    def record_stripe_status(self, account_id: str, status: StripeStatus, *, at: datetime) -> Sequence[MerchantEvent]:
        """Record what Stripe says of the account. No-op if it says the same, or the account is not connected any more."""
        if self.stripe is None or self.stripe.id != account_id or self.stripe.status == status:
            return ()
        return (
            StripeAccountStatusChanged(
                **next_header(self, at),
                account_id=account_id,
                charges_enabled=status.charges_enabled,
                payouts_enabled=status.payouts_enabled,
                details_submitted=status.details_submitted,
                requirements=list(status.requirements),
                disabled_reason=status.disabled_reason,
            ),
        )

    def disconnect_stripe(self, account_id: str, *, by_merchant: bool, at: datetime) -> Sequence[MerchantEvent]:
        """Disconnect an account at Stripe. No-op if it is not connected."""
        if self.stripe is None or self.stripe.id != account_id:
            return ()
        return (StripeAccountDisconnected(**next_header(self, at), account_id=account_id, by_merchant=by_merchant),)


def register(
    merchant_id: UUID, *, email: Sealed, name: Sealed | None, link_id: UUID | None = None, at: datetime
) -> Sequence[MerchantEvent]:
    """Open an account. The accounts table, not the log, keeps confirmed e-mail addresses unique."""
    return (MerchantRegistered(**first_header(merchant_id, at), email=email, name=name, link_id=link_id),)


def evolve(merchant: Merchant | None, event: MerchantEvent) -> Merchant:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    if merchant is not None and isinstance(event, AccountEvent):
        # The accounts table has the state behind these facts.
        verified = merchant.email_verified or isinstance(event, EmailVerified)
        return replace(merchant, version=event.originator_version, email_verified=verified)
    match merchant, event:
        case None, MerchantRegistered():
            return Merchant(id=event.originator_id, version=event.originator_version)
        case Merchant(), SupplierConnected(provider=provider):
            connected = {**merchant.suppliers, provider: event.account_id}
            return replace(merchant, version=event.originator_version, suppliers=connected)
        case Merchant(), SupplierDisconnected(provider=provider):
            left = {one: account for one, account in merchant.suppliers.items() if one != provider}
            return replace(merchant, version=event.originator_version, suppliers=left)
        case Merchant(), BusinessIdentityStated():
            business = StatedBusiness(
                country=event.country,
                parts=frozenset(event.parts),
                revision=fingerprint(event.identity.model_dump(mode="json")),
            )
            return replace(merchant, version=event.originator_version, business=business)
        case Merchant(), StripeAccountConnected():
            account = StripeAccount(id=event.account_id, live=event.live, link=event.link)
            if merchant.stripe is not None and merchant.stripe.id == account.id:
                account = replace(account, status=merchant.stripe.status)
            return replace(merchant, version=event.originator_version, stripe=account)
        case Merchant(stripe=StripeAccount() as account), StripeAccountStatusChanged():
            status = StripeStatus(
                charges_enabled=event.charges_enabled,
                payouts_enabled=event.payouts_enabled,
                details_submitted=event.details_submitted,
                requirements=tuple(event.requirements),
                disabled_reason=event.disabled_reason,
            )
            return replace(merchant, version=event.originator_version, stripe=replace(account, status=status))
        case Merchant(), StripeAccountDisconnected():
            former = merchant.former_accounts | {event.account_id}
            return replace(merchant, version=event.originator_version, stripe=None, former_accounts=former)
        case _:
            raise CorruptStream(event)


MERCHANT = StreamKind("merchant", Merchant, evolve)
