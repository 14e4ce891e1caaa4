"""The reaction to a shopper's erasure."""

from domain.cart.ports import Carts
from domain.discount.ports import DiscountShoppers
from domain.kernel import DomainEvent
from domain.privacy import PersonalData
from domain.shopper.events import ShopperForgotten
from domain.stock_notice.events import StockNoticeEnded
from domain.store.team_events import InvitationWithdrawn, PersonJoined
from schemas import topics
from schemas.envelope import Envelope
from schemas.topics import Topic


class ForgettingPolicy:
    """Deletes what belongs to a forgotten shopper, and the key of an ended stock notice or invitation.

    It does so even if the process that recorded the request died before. A shopper has a key, a cart, and a name under
    which uses of discount codes are counted.

    Safe to redeliver: deleting again is a no-op, and a shopper's id is never used again.
    """

    name = "forgetting-policy"
    topic: Topic = topics.EVENTS
    handles: frozenset[type[DomainEvent]] = frozenset(
        {ShopperForgotten, StockNoticeEnded, InvitationWithdrawn, PersonJoined}
    )

    def __init__(self, personal: PersonalData, carts: Carts, discounts: DiscountShoppers) -> None:
        self._personal, self._carts, self._discounts = personal, carts, discounts

    async def __call__(self, envelope: Envelope) -> None:
        match envelope.event:
            case ShopperForgotten(originator_id=shopper_id):
                await self._personal.forget(shopper_id)
                for person in await self._carts.forget(shopper_id):
                    await self._personal.forget(person)
                await self._discounts.forget(shopper_id)
            case StockNoticeEnded(shopper_id=shopper_id):
                await self._personal.forget(shopper_id)
            case InvitationWithdrawn(invitation_id=invitation_id) | PersonJoined(invitation_id=invitation_id):
                await self._personal.forget(invitation_id)
            case _:
                return
