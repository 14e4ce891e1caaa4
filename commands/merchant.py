"""Commands for a merchant's account in the log."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from pydantic import Field

from commands.ports import UnboundHandlers, Work
from domain.editing import Seen, refuse_overwriting
from domain.kernel import Clock, InvalidInput
from domain.merchant.aggregate import MERCHANT, register
from domain.merchant.events import StripeLink, SupplierProvider
from domain.merchant.ports import StripeStatus
from domain.payee.aggregate import PAYEE, claim, payee_stream
from domain.privacy import Sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterMerchant:
    """Open an account; the accounts table keeps the credentials."""

    merchant_id: UUID
    email: Sealed
    name: Sealed | None
    # Left out of the digest while unset: repeats of older commands keep their digest.
    link_id: Annotated[UUID | None, Field(exclude_if=lambda link: link is None)] = None


async def register_merchant(command: RegisterMerchant, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``MerchantRegistered``.

    Raises:
        InvalidInput: the id is taken; use a new one.
    """
    if not await work.is_new(MERCHANT, command.merchant_id):
        raise InvalidInput("id", f"There is a merchant with id {command.merchant_id} already. Use a new id.")
    events = register(
        command.merchant_id, email=command.email, name=command.name, link_id=command.link_id, at=clock.now()
    )
    work.append(MERCHANT, command.merchant_id, events, tenant=command.merchant_id)
    return {"merchant_id": str(command.merchant_id)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectSupplier:
    """Connect a supplier; its credentials are in the vault."""

    merchant_id: UUID
    provider: SupplierProvider
    account_id: str | None = None
    """The merchant's account at the supplier; None if the supplier names none."""


async def connect_supplier(command: ConnectSupplier, work: Work, *, clock: Clock) -> None:
    """Append ``SupplierConnected``. No-op if the supplier is connected with the same account.

    Raises:
        NotFound: no merchant has the id; retrying cannot help.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    events = merchant.connect(command.provider, account_id=command.account_id, at=clock.now())
    work.append(MERCHANT, merchant.id, events, tenant=merchant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectSupplier:
    """Disconnect a supplier; imported products stay."""

    merchant_id: UUID
    provider: SupplierProvider


async def disconnect_supplier(command: DisconnectSupplier, work: Work, *, clock: Clock) -> None:
    """Append ``SupplierDisconnected``.

    Raises:
        NotFound: no merchant has the id; retrying cannot help.
        SupplierNotConnected: the supplier is not connected.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    work.append(MERCHANT, merchant.id, merchant.disconnect(command.provider, at=clock.now()), tenant=merchant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBusinessIdentity:
    """State the business behind a merchant's stores."""

    merchant_id: UUID
    country: str
    """ISO 3166-1 alpha-2, already checked like the rest."""
    parts: list[str]
    """The optional parts that are stated."""
    identity: Sealed
    """JSON of ``BusinessIdentity``, sealed under the merchant's key."""
    fingerprint: str
    """Keyed digest of the identity. Each sealing gives another ciphertext, so a repeat is recognized by this."""
    seen: Seen = None


async def set_business_identity(command: SetBusinessIdentity, work: Work, *, clock: Clock) -> dict[str, str]:
    """Append ``BusinessIdentityStated`` and return the fingerprint.

    Raises:
        ChangedMeanwhile: the identity is not the one that the editor saw.
        NotFound: no merchant has the id; retrying cannot help.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    present = {} if merchant.business is None else {"BUSINESS": merchant.business.revision}
    refuse_overwriting(command.seen, present, ["BUSINESS"])
    events = merchant.state_identity(command.identity, country=command.country, parts=command.parts, at=clock.now())
    work.append(MERCHANT, merchant.id, events, tenant=merchant.id)
    return {"fingerprint": command.fingerprint}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectStripe:
    """Connect an account at Stripe."""

    merchant_id: UUID
    account_id: str
    live: bool
    # Left out of the digest while it is the default: repeats of older commands keep their digest.
    link: Annotated[StripeLink, Field(exclude_if=lambda link: link is StripeLink.OPENED)] = StripeLink.OPENED
    status: Annotated[StripeStatus | None, Field(exclude_if=lambda status: status is None)] = None
    """What Stripe says of it; None if it was not asked."""


async def connect_stripe(command: ConnectStripe, work: Work, *, clock: Clock) -> None:
    """Append ``StripeAccountConnected``, and ``PayeeClaimed`` for an account's first merchant. No-op if it is connected.

    Raises:
        NotFound: no merchant has the id; retrying cannot help.
        OtherAccountConnected: disconnect the other one first.
        AccountOfAnotherMerchant: it belongs to another merchant here.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    events = merchant.connect_stripe(command.account_id, live=command.live, link=command.link, at=clock.now())
    if events:
        account_stream = payee_stream(command.account_id)
        account = await work.find(PAYEE, account_stream)
        claimed = claim(account, command.account_id, merchant_id=merchant.id, at=clock.now())
        work.append(PAYEE, account_stream, claimed, tenant=merchant.id)
    merchant = work.append(MERCHANT, merchant.id, events, tenant=merchant.id)
    if command.status is not None:
        described = merchant.record_stripe_status(command.account_id, command.status, at=clock.now())
        work.append(MERCHANT, merchant.id, described, tenant=merchant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordStripeStatus:
    """Record what Stripe says of the merchant's account."""

    merchant_id: UUID
    account_id: str
    status: StripeStatus


async def record_stripe_status(command: RecordStripeStatus, work: Work, *, clock: Clock) -> None:
    """Append ``StripeAccountStatusChanged``. No-op if nothing changed, or the account is not connected any more.

    Raises:
        NotFound: no merchant has the id; retrying cannot help.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    events = merchant.record_stripe_status(command.account_id, command.status, at=clock.now())
    work.append(MERCHANT, merchant.id, events, tenant=merchant.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class DisconnectStripe:
    """Stop taking payments into an account at Stripe."""

    merchant_id: UUID
    account_id: str
    by_merchant: bool


async def disconnect_stripe(command: DisconnectStripe, work: Work, *, clock: Clock) -> None:
    """Append ``StripeAccountDisconnected``. No-op if it is not connected.

    Raises:
        NotFound: no merchant has the id; retrying cannot help.
    """
    merchant = await work.get(MERCHANT, command.merchant_id)
    events = merchant.disconnect_stripe(command.account_id, by_merchant=command.by_merchant, at=clock.now())
    work.append(MERCHANT, merchant.id, events, tenant=merchant.id)


HANDLERS: UnboundHandlers = {
    RegisterMerchant: register_merchant,
    ConnectSupplier: connect_supplier,
    DisconnectSupplier: disconnect_supplier,
    SetBusinessIdentity: set_business_identity,
    ConnectStripe: connect_stripe,
    RecordStripeStatus: record_stripe_status,
    DisconnectStripe: disconnect_stripe,
}
"""Each command and its handler."""
