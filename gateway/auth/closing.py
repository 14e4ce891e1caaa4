"""The end of an account: what must be finished first, and what is destroyed."""

import logging
from collections.abc import Sequence
from typing import ClassVar
from uuid import UUID

from commands.account import CloseAccount
from commands.ports import Context, Dispatcher
from commands.store import ArchiveStore
from commands.team import LeaveStore
from domain.accounts.ports import Account, Accounts
from domain.ids import derived, uuid7
from domain.kernel import Clock, DomainError
from domain.merchant.account_events import farewell_of
from domain.merchant.events import SupplierProvider
from domain.merchant.ports import SupplierVault
from domain.privacy import PersonalData
from domain.store.events import StoreStatus
from gateway.auth.fresh_proof import FreshProof
from gateway.auth.sessions import Sessions
from gateway.auth.tokens import Identity
from gateway.auth.visitor import Visitor
from projections.catalog.queries import stores_of_merchant
from projections.catalog.views import StoreView
from projections.reading.paging import Reader, Window
from projections.reading.scope import MerchantScope
from projections.sales.unfinished_queries import Unfinished, unfinished_in_store

PAGE = 100

logger = logging.getLogger(__name__)


class OrdersToFinish(DomainError):
    """Shoppers or banks wait for something of a store. Retrying helps once it is finished."""

    code: ClassVar[str] = "ORDERS_TO_FINISH"

    def __init__(self, store: str, unfinished: Unfinished) -> None:
        parts = (
            (unfinished.orders, "order that is paid and not sent", "orders that are paid and not sent"),
            (unfinished.disputes, "open dispute", "open disputes"),
            (unfinished.returns, "open return", "open returns"),
            (unfinished.refunds, "refund on its way", "refunds on their way"),
        )
        named = [f"{count} {one if count == 1 else many}" for count, one, many in parts if count]
        listed = " and ".join([*([", ".join(named[:-1])] if named[1:] else []), named[-1]])
        super().__init__(f"{store} has {listed}. Finish that first; then delete the account.")


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

    async def check(self, visitor: Visitor, password: str) -> Account:
        """Return the person's account if it may be deleted. Archived stores count too: their disputes go on.

        Raises:
            WrongPassword, LogInAgain, TooManyAttempts: refused.
            OrdersToFinish: shoppers or banks wait for something.
        """
        person_id = visitor.person_id
        owner = Identity(merchant_id=person_id, session_id=visitor.session_id)
        account = await self._proof.by_owner(owner, password)
        for store in await self._stores(person_id):
            unfinished = await unfinished_in_store(self._db, store.id, scope=MerchantScope(person_id))
            if unfinished.any:
                raise OrdersToFinish(store.name or f"The store for {store.niche}", unfinished)
        return account

    async def leave_stores(self, visitor: Visitor) -> None:
        """Archive the person's stores, for all of their people, and end the person's roles in other stores."""
        person_id = visitor.person_id
        for store in await self._stores(person_id):
            if store.status is not StoreStatus.ARCHIVED:
                await self._send(ArchiveStore(store_id=store.id, merchant_id=person_id), visitor)
        for store_id in visitor.roles:
            await self._send(LeaveStore(store_id=store_id, merchant_id=person_id), visitor)

    async def destroy(self, visitor: Visitor, account: Account) -> None:
        """Record the end, and destroy sessions, secrets and personal data."""
        person_id = visitor.person_id
        farewell = await self._personal.seal(farewell_of(person_id), account.email)
        close = CloseAccount(merchant_id=person_id, farewell=farewell)
        await self._send(close, visitor, command_id=derived(person_id, "close"))
        for provider in SupplierProvider:
            await self._suppliers.drop(person_id, provider)
        await self._accounts.erase(person_id)
        await self._personal.forget(person_id)
        self._sessions.forget()
        logger.info("an account was deleted")

    async def _stores(self, person_id: UUID) -> Sequence[StoreView]:
        found: list[StoreView] = []
        cursor: str | None = None
        while True:
            page = await stores_of_merchant(
                self._db,
                person_id,
                Window(first=PAGE, after=cursor),
                scope=MerchantScope(person_id),
            )
            found += page.nodes
            if not page.has_next:
                return found
            cursor = page.edges[-1].cursor

    async def _send(self, command: object, visitor: Visitor, *, command_id: UUID | None = None) -> None:
        id = command_id or uuid7(int(self._clock.now().timestamp() * 1000))
        await self._commands.dispatch(command, Context(command_id=id, correlation_id=id, actor=str(visitor.actor)))
