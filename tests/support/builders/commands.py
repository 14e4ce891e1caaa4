"""Two commands that exercise the log without the rest of the product."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from commands.bus import CommandBus
from commands.ports import Context, EventLog, Work
from domain.kernel import Clock
from domain.store.aggregate import STORE, request_store
from domain.store.events import CopyScores, PageType, Preferences
from domain.store.page_writing import write_page
from domain.store.ports import PageDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """Ask for a store; one event in a new stream."""

    store_id: UUID
    niche: str = "Ceramic planters"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write a page; one more event in a store's stream."""

    store_id: UUID
    text: str = "Hello."


def bus_on(log: EventLog, clock: Clock) -> CommandBus:
    """Return a command bus that knows the two commands."""

    async def ask(command: Ask, work: Work) -> dict[str, str]:
        events = request_store(
            command.store_id,
            merchant_id=command.store_id,
            niche=command.niche,
            preferences=Preferences(),
            at=clock.now(),
        )
        work.append(STORE, command.store_id, events, tenant=command.store_id)
        return {"id": str(command.store_id)}

    async def write(command: Write, work: Work) -> None:
        store = await work.get(STORE, command.store_id)
        events = write_page(
            store,
            command.store_id,
            PageDraft(
                type=PageType.ABOUT,
                title="About",
                slug="about",
                content=command.text,
                scores=CopyScores(),
                written_by="house",
            ),
            at=clock.now(),
        )
        work.append(STORE, store.id, events, tenant=store.id)

    return CommandBus(log, {Ask: ask, Write: write})


def context(command_id: UUID | None = None) -> Context:
    """Return the context of a new request."""
    id = command_id or uuid4()
    return Context(command_id=id, correlation_id=id)
