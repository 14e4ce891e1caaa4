"""Refusals of a store."""

from typing import ClassVar
from uuid import UUID

from domain.kernel import DomainError
from domain.store.domain_events import DomainStatus
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


class PageChanged(DomainError):
    """Somebody else changed the page after the editor read it. Read it again, then decide which text counts."""

    code: ClassVar[str] = "PAGE_CHANGED"
    field = "expectedVersion"

    def __init__(self, title: str, *, expected: int, present: int) -> None:
        super().__init__(
            f"“{title}” was changed after you opened it: you saw version {expected}, and version {present} is live. "
            f"Nothing was saved. Compare the texts, then save with expectedVersion {present}."
        )


class DomainTaken(DomainError):
    """Another store of the platform has proved the domain."""

    code: ClassVar[str] = "DOMAIN_TAKEN"
    field = "domain"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Another store has the domain {name}. If it is yours, remove it from the other store, then connect it again."
        )


class DomainNotFound(DomainError):
    """The store has no such domain."""

    code: ClassVar[str] = "NOT_FOUND"
    field = "domain"

    def __init__(self, name: str) -> None:
        super().__init__(f"The store has no domain {name[:80]}. Connect it first (connectDomain).")


class DomainNotVerified(DomainError):
    """The domain is not proved."""

    code: ClassVar[str] = "DOMAIN_NOT_VERIFIED"
    field = "domain"

    def __init__(self, name: str, status: DomainStatus) -> None:
        super().__init__(f"The domain {name} is {status}. Choose one that is {DomainStatus.VERIFIED}.")
