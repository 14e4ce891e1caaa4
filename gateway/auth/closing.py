"""The end of an account: what must be finished first, and what is destroyed."""

import logging
from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from commands.account import CloseAccount
from commands.ports import Context, Dispatcher
from commands.store import ArchiveStore
from commands.team import LeaveStore
from domain.accounts.ports import Accounts
from domain.ids import derived, uuid7
from domain.kernel import Clock, DomainError
from domain.merchant.account_events import farewell_of
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierVault
from domain.order.events import OrderStatus
from domain.privacy import PersonalData
from domain.store.events import StoreStatus
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.sessions import Sessions
from gateway.auth.visitor import Visitor
from projections.catalog.queries import stores_of_merchant
from projections.reading.paging import Reader, Window
from projections.reading.scope import MerchantScope
from projections.sales.queries import OrderFilter, count_orders

UNFINISHED = frozenset({OrderStatus.PAID, OrderStatus.PARTLY_FULFILLED})
"""Orders whose shoppers wait for goods or money."""
PAGE = 100

logger = logging.getLogger(__name__)


class OrdersToFinish(DomainError):
    """Shoppers paid for orders that were not sent. Retrying helps after they are sent or refunded."""

    code: ClassVar[str] = "ORDERS_TO_FINISH"

    def __init__(self, store: str, count: int) -> None:
        orders = "1 order that is" if count == 1 else f"{count} orders that are"
        super().__init__(f"{store} has {orders} paid and not sent. Send or refund them first; then delete the account.")


class AccountClosing:
    """Deletes accounts.

    Orders stay in the log with their shoppers' own sealed data, because shoppers and the law need them. The merchant's
    personal data becomes unreadable everywhere, because its key is destroyed.
    """

    def __init__(
        self,
        accounts: Accounts,
        proof: FreshProof,
        sessions: Sessions,
        *,
        db: Reader,
        commands: Dispatcher,
        personal: PersonalData,
        suppliers: SupplierVault,
        clock: Clock,
    ) -> None:
        self._accounts, self._proof, self._sessions = accounts, proof, sessions
        self._db, self._commands, self._personal = db, commands, personal
        self._suppliers, self._clock = suppliers, clock

    async def close(self, visitor: Visitor, password: str) -> None:
        """Delete the person's account: archive their stores, end their roles, and destroy their personal data.

        It can be repeated after a crash until the account is gone.

        Raises:
            WrongPassword, PasswordNotSet, TooManyAttempts: nothing was changed.
            OrdersToFinish: nothing was changed.
        """
        person_id = visitor.person_id
        account = await self._proof.by_password(person_id, password)
        stores = await self._stores(person_id)
        scope = MerchantScope(person_id)
        for store_id, name in stores:
            where = OrderFilter(statuses=UNFINISHED)
            waiting = await count_orders(self._db, store_id, scope=scope, where=where)
            if waiting:
                raise OrdersToFinish(name, waiting)
        for store_id, _ in stores:
            await self._send(ArchiveStore(store_id=store_id, merchant_id=person_id), visitor)
        for store_id in visitor.roles:
            await self._send(LeaveStore(store_id=store_id, merchant_id=person_id), visitor)
        farewell = await self._personal.seal(farewell_of(person_id), account.email)
        close = CloseAccount(merchant_id=person_id, farewell=farewell)
        await self._send(close, visitor, command_id=derived(person_id, "close"))
        for provider in SupplierProvider:
            await self._suppliers.drop(person_id, provider)
        await self._accounts.erase(person_id)
        await self._personal.forget(person_id)
        self._sessions.forget()
        logger.info("an account was deleted")

    async def _stores(self, person_id: UUID) -> Sequence[tuple[UUID, str]]:
        found: list[tuple[UUID, str]] = []
        cursor: str | None = None
        states = frozenset(StoreStatus) - {StoreStatus.ARCHIVED}
        while True:
            page = await stores_of_merchant(
                self._db,
                person_id,
                Window(first=PAGE, after=cursor),
                scope=MerchantScope(person_id),
                statuses=states,
            )
            found += [(view.id, view.name or f"The store for {view.niche}") for view in page.nodes]
            if not page.has_next:
                return found
            cursor = page.edges[-1].cursor

    async def _send(self, command: object, visitor: Visitor, *, command_id: UUID | None = None) -> None:
        id = command_id or uuid7(int(self._clock.now().timestamp() * 1000))
        await self._commands.dispatch(command, Context(command_id=id, correlation_id=id, actor=str(visitor.actor)))
