"""Port of payment providers: paying back, and asking what happened to a payment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol
from uuid import UUID

from pydantic import Field

from domain.money import Money
from domain.order.after_sale.state import RefundStatus
from domain.order.ports import AccountNotice


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrderRequest:
    """What a provider is asked to pay back."""

    refund_id: UUID
    order_id: UUID
    store_id: UUID
    intent_id: str
    amount: Money
    return_fee: bool
    """Whether the platform's fee goes back in proportion. A provider refuses to refund a fee of zero."""
    idempotency_key: str
    is_late: bool = False
    """Whether the provider may have forgotten the key, so that it must look for the refund before it makes one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundAnswer:
    """What a provider says about one refund."""

    refund_id: UUID | None
    """The id that was sent along; None if the refund was made at the provider."""
    external_id: str | None
    """The provider's id; None if it refused to begin one."""
    intent_id: str
    amount: Money
    status: RefundStatus
    reason: str = ""
    """Why it failed, in the provider's words."""
    fee_refunded: Annotated[Money | None, Field(exclude=True)] = None
    """How much of the platform's fee of this payment has gone back so far, with all of its refunds; None if the provider
    says nothing about it. Left out of digests: a repeat may know more."""


class PaymentRefunds(Protocol):
    """The half of a payment provider that pays back."""

    async def refund(self, request: RefundOrderRequest, *, account_id: str | None) -> RefundAnswer:
        """Pay back; the same idempotency key gives the same refund.

        Args:
            request: the refund.
            account_id: the merchant's account at the provider; None if they have none.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeNotice(AccountNotice):
    """Something changed in the refunds of a payment. Notices come in any order: ask the provider what is true now."""

    intent_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeReport:
    """What a provider says about a payment now."""

    store_id: UUID
    order_id: UUID
    refunds: Sequence[RefundAnswer]


class ChargeReports(Protocol):
    """Asks a provider about payments."""

    async def of(self, account_id: str, intent_id: str) -> ChargeReport | None:
        """Return what a provider says about a payment; None if it was not made through this platform.

        Raises:
            DomainError: the provider refused; retrying cannot help.
            Transient: the provider cannot be reached; retrying may help.
        """
        ...
