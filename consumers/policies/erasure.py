"""The reaction to a shopper's erasure."""

from typing import Protocol
from uuid import UUID

from domain.cart.ports import Carts
from domain.discount.events import DiscountUseReleased
from domain.discount.ports import DiscountShoppers
from domain.kernel import DomainEvent
from domain.mail.events import MailKind, MailRefused, MailSent
from domain.merchant.account_events import AccountClosed, farewell_of
from domain.order.evidence.files import EvidenceFiles
from domain.privacy import PersonalData
from domain.shopper.aggregate import shopper_of
from domain.shopper.events import ShopperForgotten
from domain.stock_notice.events import StockNoticeEnded
from domain.store.team_events import InvitationWithdrawn, PersonJoined
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic


class ErasableAccounts(Protocol):
    """The accounts, as far as the policy needs them."""

    async def erase(self, merchant_id: UUID) -> None: ...


class ForgettingPolicy:
    """Deletes what belongs to a forgotten shopper, and the key of an ended stock notice or invitation.

    It does so even if the process that recorded the request died before. A shopper has a key, a cart, and a name under
    which uses of discount codes are counted. An order that was not paid needs no such name.

    Safe to redeliver: deleting again is a no-op, and a shopper's id is never used again.
    """

    name = "forgetting-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(
        {
            ShopperForgotten,
            DiscountUseReleased,
            StockNoticeEnded,
            InvitationWithdrawn,
            PersonJoined,
            AccountClosed,
            MailSent,
            MailRefused,
        }
    )

    def __init__(
        self,
        personal: PersonalData,
        carts: Carts,
        discounts: DiscountShoppers,
        accounts: ErasableAccounts,
        files: EvidenceFiles,
    ) -> None:
        self._personal, self._carts, self._discounts, self._accounts = personal, carts, discounts, accounts
        self._files = files

    async def __call__(self, envelope: Envelope) -> None:
        match envelope.event:
            case ShopperForgotten(originator_id=shopper_id):
                await self._personal.forget(shopper_id)
                for person in await self._carts.forget(shopper_id):
                    await self._personal.forget(person)
                await self._discounts.forget(shopper_id)
                await self._files.forget(shopper_id)
            case DiscountUseReleased(order_id=order_id):
                await self._discounts.release(shopper_of(order_id))
            case StockNoticeEnded(shopper_id=shopper_id):
                await self._personal.forget(shopper_id)
            case MailSent(kind=MailKind.ACCOUNT_CLOSED) | MailRefused(kind=MailKind.ACCOUNT_CLOSED):
                await self._personal.forget(farewell_of(envelope.tenant))
            case AccountClosed(originator_id=merchant_id):
                await self._accounts.erase(merchant_id)
                await self._personal.forget(merchant_id)
                await self._files.forget(merchant_id)
            case InvitationWithdrawn(invitation_id=invitation_id) | PersonJoined(invitation_id=invitation_id):
                await self._personal.forget(invitation_id)
            case _:
                return
