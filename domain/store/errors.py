"""Refusals of a store."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError
from domain.store.events import StoreStatus


class StoreNotReady(DomainError):
    """The store's status does not allow the action."""

    code: ClassVar[str] = "STORE_NOT_READY"

    def __init__(self, store_id: UUID, status: StoreStatus, action: str, hint: str) -> None:
        super().__init__(f"Store {store_id} is {status} and cannot be {action}. {hint}")
        self.store_id, self.status = store_id, status


class PageNotFound(DomainError):
    """The store has no such page."""

    code: ClassVar[str] = "NOT_FOUND"

    def __init__(self, page_id: UUID) -> None:
        super().__init__(f"No page with id {page_id} was found. Check the id, and that it is yours.")
