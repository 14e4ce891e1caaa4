"""The draft agent: makes the proposals that merchants ask for, beside the live store."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from commands.draft import FailDraft, ProposeDraft
from commands.media import RequestDraftImage
from consumers.agents.base import StepPorts
from consumers.agents.brand import NEIGHBORS
from consumers.agents.copywriter import copy_brief, local_host, store_facts
from consumers.agents.outside_calls import GivenUp, call_with_retries
from consumers.ports import Consumer, StreamHistory
from consumers.runtime.recorded_calls import AnsweredCall, RecordedCalls
from domain.calls.context import CallContext
from domain.draft.aggregate import DRAFT, Draft, DraftStatus
from domain.draft.events import DraftRequested, FieldChange, TargetKind
from domain.draft.live import live_values
from domain.draft.ports import Reviser, Revision, RevisionBrief
from domain.editing import EditField, FieldValues
from domain.generation.aggregate import GENERATION, generation_of
from domain.kernel import DomainEvent, NotFound
from domain.media.aggregate import IMAGE
from domain.media.events import ImageProcessed, ImageRejected, Operation
from domain.media.picture import Picture
from domain.product.aggregate import PRODUCT
from domain.product.events import ProductStatus
from domain.product.ports import ProductCopy, ProductCopywriter
from domain.product.texts import META_DESCRIPTION_MAX, META_TITLE_MAX, described, meta
from domain.store.aggregate import STORE, Store
from domain.store.brand import BrandIdentity, BrandProposal
from domain.store.events import PageType, StoreStatus
from domain.store.pages import LEGAL_PAGES
from domain.store.ports import (
    BrandBrief,
    BrandWriter,
    CategoryDraft,
    CategoryWriter,
    MerchantBrands,
    PageDraft,
    PageWriter,
    StoreFacts,
)
from domain.store.texts import brand_values
from domain.text import cleaned
from schemas.envelope import Envelope
from schemas.topics import EVENTS

logger = logging.getLogger(__name__)

T = TypeVar("T")

TIME = timedelta(minutes=10)
"""How long a draft may take from its request."""
AGAIN = "Ask for a new draft."
STUDIO = "studio"
_GROUND = re.compile(r"#[0-9a-f]{6}\b")
_WHOLE = frozenset({"whole", "original", "uncut", "keep the background", "with background", "no cut-out"})
_CUT = frozenset({"cut out", "cut-out", "cutout", "without background", "no background", "remove the background"})
STUDIO_CAN = "Say “whole photo”, “cut out”, “white”, “black”, “gray”, or a color such as #e8f0e4."
CUTS = frozenset({Operation.REMOVE_BACKGROUND, Operation.PLACE_ON_GROUND})
_GROUNDS = {"white": "#ffffff", "black": "#111111", "gray": "#e5e5e5", "grey": "#e5e5e5"}
"""Grounds by the words that merchants use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftWriters:
    """Who makes drafts: the writers of generations without a hint, the reviser with one."""

    brand: BrandWriter
    copy: ProductCopywriter
    pages: PageWriter
    categories: CategoryWriter
    reviser: Reviser


@dataclass(frozen=True, slots=True)
class _Proposal:
    values: FieldValues
    written_by: str
    note: str | None = None


class DraftAgent(Consumer):
    """Makes the proposal of a draft when a merchant asks for one.

    Safe to redeliver: the command ids come from the event, and each answer from outside is recorded when it arrives.

    Args:
        writers: who writes.
        ports: what every agent needs.
        history: reads the live values, which the draft keeps as its bases.
        brands: the merchant's other brands, which a new brand should look unlike.
        host_for: returns the host of a store's storefront; this machine's by default.
    """

    name: ClassVar[str] = "draft-agent"
    topic = EVENTS
    handles: ClassVar[frozenset[type[DomainEvent]]] = frozenset({DraftRequested, ImageProcessed, ImageRejected})

    def __init__(
        self,
        writers: DraftWriters,
        ports: StepPorts,
        history: StreamHistory,
        brands: MerchantBrands,
        *,
        host_for: Callable[[Store], str] = local_host,
    ) -> None:
        self._writers, self._history, self._brands, self._host_for = writers, history, brands, host_for
        self._aggregates, self._react, self._clock = ports.aggregates, ports.react, ports.clock
        self._calls = RecordedCalls(ports.answers, ports.react)
        self._retries = ports.retries

    async def __call__(self, envelope: Envelope) -> None:
        event = envelope.event
        if isinstance(event, ImageProcessed | ImageRejected):
            await self._show_picture(envelope, event)
            return
        if not isinstance(event, DraftRequested) or await self._react.outcome(envelope, self.name):
            return
        draft = await self._aggregates.get(DRAFT, event.originator_id)
        if draft.status is not DraftStatus.REQUESTED:
            logger.info("Draft %s was dropped before it was made", draft.id)
            return
        try:
            command: Any = await self._make(envelope, draft)
        except GivenUp as given_up:
            command = FailDraft(draft_id=draft.id, reason=given_up.reason)
        except NotFound as missing:
            command = FailDraft(draft_id=draft.id, reason=str(missing))
        await self._react(command, cause=envelope, name=self.name)

    async def _show_picture(self, envelope: Envelope, event: ImageProcessed | ImageRejected) -> None:
        """Propose the picture that the studio made for a draft. No-op for live images."""
        picture = await self._aggregates.get(IMAGE, event.originator_id)
        if picture.draft_id is None or await self._react.outcome(envelope, self.name):
            return
        draft = await self._aggregates.get(DRAFT, picture.draft_id)
        live = await self._live(draft)
        command: ProposeDraft | FailDraft
        if isinstance(event, ImageRejected):
            command = FailDraft(draft_id=draft.id, reason=event.message)
        else:
            proposed = Picture.of(event, picture.alt_text).model_dump(mode="json")
            change = FieldChange(field=EditField.PICTURE, base=live.get(EditField.PICTURE), proposed=proposed)
            command = ProposeDraft(draft_id=draft.id, changes=[change], written_by=STUDIO)
        await self._react(command, cause=envelope, name=self.name)

    async def _make(self, envelope: Envelope, draft: Draft) -> ProposeDraft | FailDraft | RequestDraftImage:
        store = await self._aggregates.get(STORE, draft.store_id)
        refusal = _refusal(draft, store)
        live = await self._live(draft)
        bases = {name: value for name, value in live.items() if name in draft.may_change}
        if refusal is None and not bases:
            refusal = f"The {draft.target.kind.lower()} is archived or removed."
        if refusal is not None:
            return FailDraft(draft_id=draft.id, reason=refusal)
        if draft.target.kind is TargetKind.IMAGE:
            return _picture_request(draft)
        if draft.hint is not None:
            answer: AnsweredCall[_Proposal] = await self._revise(envelope, draft, store, bases)
        else:
            answer = await self._write(envelope, draft, store)
        proposal = cleaned(answer.value)
        changes = [
            FieldChange(field=name, base=bases[name], proposed=value)
            for name, value in proposal.values.items()
            if name in bases and _fits(name, value)
        ]
        if not changes and proposal.note is not None:
            return FailDraft(draft_id=draft.id, reason=proposal.note, call_id=answer.call_id, cost=answer.cost)
        return ProposeDraft(
            draft_id=draft.id,
            changes=changes,
            written_by=proposal.written_by,
            call_id=answer.call_id,
            cost=answer.cost,
            note=proposal.note,
        )

    async def _live(self, draft: Draft) -> FieldValues:
        async def events(stream: UUID) -> Sequence[DomainEvent]:
            return [raw.decode().event for raw in await self._history.read_streams([stream])]

        return await live_values(draft.target, draft.store_id, events)

    async def _revise(
        self, envelope: Envelope, draft: Draft, store: Store, bases: FieldValues
    ) -> AnsweredCall[_Proposal]:
        brief = RevisionBrief(
            what=draft.target.kind.lower(),
            values=bases,
            hint=draft.hint or "",
            niche=store.niche,
            store_name="" if store.brand is None else store.brand.name,
            tone=() if store.brand is None else tuple(store.brand.voice.tone),
            seed=str(draft.id),
        )
        answer = await self._ask(
            envelope, draft, Revision, lambda: self._writers.reviser.revise(brief), who="the writer"
        )
        revision = answer.value
        proposal = _Proposal(
            {revised.field: revised.value for revised in revision.fields}, revision.written_by, revision.note
        )
        return AnsweredCall(proposal, answer.call_id, answer.cost)

    async def _write(self, envelope: Envelope, draft: Draft, store: Store) -> AnsweredCall[_Proposal]:
        match draft.target.kind:
            case TargetKind.BRAND:
                return await self._write_brand(envelope, draft, store)
            case TargetKind.PRODUCT:
                return await self._write_copy(envelope, draft, store)
            case TargetKind.PAGE:
                return await self._write_page(envelope, draft, store)
            case TargetKind.CATEGORY:
                return await self._write_category(envelope, draft, store)
            case TargetKind.COLLECTION:
                return await self._write_collection(envelope, draft, store)
            case TargetKind.IMAGE:
                raise ValueError("The studio makes pictures; they have no writer.")

    async def _write_brand(self, envelope: Envelope, draft: Draft, store: Store) -> AnsweredCall[_Proposal]:
        generation = await self._aggregates.get(GENERATION, generation_of(store.id))
        brief = BrandBrief(
            niche=store.niche,
            preferences=store.preferences,
            seed=str(draft.id),
            former_name=None if store.brand is None else store.brand.name,
            neighbors=await self._brands.newest(store.merchant_id, other_than=store.id, limit=NEIGHBORS),
            reading=generation.reading,
        )
        answer = await self._ask(
            envelope, draft, BrandProposal, lambda: self._writers.brand.propose(brief), who="the brand writer"
        )
        proposal = _Proposal(brand_values(answer.value.brand), answer.value.written_by, answer.value.reason)
        return AnsweredCall(proposal, answer.call_id, answer.cost)

    async def _write_copy(self, envelope: Envelope, draft: Draft, store: Store) -> AnsweredCall[_Proposal]:
        product = await self._aggregates.get(PRODUCT, draft.target.id)
        if product.status is ProductStatus.ARCHIVED or store.brand is None:
            raise GivenUp("the copywriter", "The product is archived.")
        brief = copy_brief(product, store, store.brand, seed=f"{draft.id}#0.0")
        answer = await self._ask(
            envelope, draft, ProductCopy, lambda: self._writers.copy.write(brief), who="the copywriter"
        )
        copy = answer.value
        values: FieldValues = {
            EditField.TITLE: copy.title,
            EditField.DESCRIPTION: described(copy.description, copy.features, copy.benefits, copy.call_to_action),
            EditField.META: meta(copy.meta_title, copy.meta_description),
        }
        return AnsweredCall(_Proposal(values, copy.written_by), answer.call_id, answer.cost)

    async def _write_page(self, envelope: Envelope, draft: Draft, store: Store) -> AnsweredCall[_Proposal]:
        page = store.pages[draft.target.id]
        if page.type is PageType.CUSTOM or store.brand is None:
            raise GivenUp("the page writer", f"Only you wrote this page. Say in a hint what to change. {AGAIN}")
        facts = await self._facts(envelope, store, store.brand)
        answer = await self._ask(
            envelope,
            draft,
            PageDraft,
            lambda: self._writers.pages.write(page.type, facts, seed=str(draft.id)),
            who="the page writer",
        )
        values: FieldValues = {EditField.TITLE: answer.value.title, EditField.CONTENT: answer.value.content}
        return AnsweredCall(_Proposal(values, answer.value.written_by), answer.call_id, answer.cost)

    async def _write_category(self, envelope: Envelope, draft: Draft, store: Store) -> AnsweredCall[_Proposal]:
        category = draft.target.category or ""
        name = category.replace("-", " ").capitalize()
        answer = await self._describe(envelope, draft, store, key=category, name=name)
        if not answer.value:
            raise GivenUp("the category writer", "No text fits this category. Write one yourself (describeCategory).")
        (written,) = answer.value
        values: FieldValues = {EditField.TITLE: written.title, EditField.TEXT: written.text}
        return AnsweredCall(_Proposal(values, written.written_by), answer.call_id, answer.cost)

    async def _write_collection(self, envelope: Envelope, draft: Draft, store: Store) -> AnsweredCall[_Proposal]:
        """Write a collection's text. Its title is the merchant's own, and only a wish changes it."""
        title = store.assortment.collections[draft.target.id].title
        answer = await self._describe(envelope, draft, store, key=str(draft.target.id), name=title)
        if not answer.value:
            raise GivenUp("the writer", f"No text fits “{title}”. Say in a hint what to change. {AGAIN}")
        (written,) = answer.value
        proposal = _Proposal({EditField.TEXT: written.text}, written.written_by)
        return AnsweredCall(proposal, answer.call_id, answer.cost)

    async def _describe(
        self, envelope: Envelope, draft: Draft, store: Store, *, key: str, name: str
    ) -> AnsweredCall[list[CategoryDraft]]:
        """Have the category writer write about goods under a name; empty if no text fits it."""
        if store.brand is None:
            raise GivenUp("the category writer", f"The store has no brand yet. {AGAIN}")
        facts = await self._facts(envelope, store, store.brand)
        return await self._ask(
            envelope,
            draft,
            list[CategoryDraft],
            lambda: self._writers.categories.describe({key: name}, facts, seed=str(draft.id)),
            who="the category writer",
        )

    async def _facts(self, envelope: Envelope, store: Store, brand: BrandIdentity) -> StoreFacts:
        products = [await self._aggregates.get(PRODUCT, id) for id in store.product_ids]
        kept = [product for product in products if product.status is not ProductStatus.ARCHIVED]
        return store_facts(store, brand, kept, host=self._host_for(store), event=envelope.event)

    async def _ask(
        self, envelope: Envelope, draft: Draft, model: type[T], ask: Callable[[], Awaitable[T]], *, who: str
    ) -> AnsweredCall[T]:
        context = CallContext(
            generation_id=generation_of(draft.store_id),
            store_id=draft.store_id,
            merchant_id=draft.merchant_id,
            step=None,
            attempt=0,
            part=f"draft:{draft.id}",
        )
        deadline = envelope.event.occurred_at + TIME
        return await self._calls.call(
            envelope,
            f"{self.name}:answer",
            model,
            lambda: call_with_retries(ask, who=who, clock=self._clock, deadline=deadline, policy=self._retries),
            context=context,
        )


def _picture_request(draft: Draft) -> RequestDraftImage | FailDraft:
    """Return what the studio shall do, as the hint says: keep the photo whole, or put the product on a ground."""
    operations, ground = list(Operation), None
    if draft.hint is not None:
        hint = draft.hint.casefold()
        named = _GROUND.search(hint)
        grounds = [color for word, color in _GROUNDS.items() if word in hint]
        ground = named.group() if named else next(iter(grounds), None)
        if any(phrase in hint for phrase in _WHOLE) and not any(phrase in hint for phrase in _CUT):
            operations = [each for each in Operation if each not in CUTS]
        elif ground is None and not any(phrase in hint for phrase in _CUT):
            return FailDraft(draft_id=draft.id, reason=f"The studio cannot follow “{draft.hint}”. {STUDIO_CAN}")
    return RequestDraftImage(draft_id=draft.id, operations=operations, ground=ground)


def _refusal(draft: Draft, store: Store) -> str | None:
    """Return why no draft can be made; None if one can."""
    if store.status is StoreStatus.ARCHIVED:
        return "The store is archived."
    page = store.pages.get(draft.target.id)
    if draft.hint is not None and page is not None and page.type in LEGAL_PAGES:
        return "A legal page says what the law asks for. No wish changes it; edit it yourself if a lawyer says so."
    return None


def _fits(name: EditField, value: object) -> bool:
    """Whether the merchant's own edit would take a value of this length."""
    if name is not EditField.META or not isinstance(value, dict):
        return True
    limits: Sequence[tuple[str, int]] = (("meta_title", META_TITLE_MAX), ("meta_description", META_DESCRIPTION_MAX))
    return all(len(str(value.get(part, ""))) <= most for part, most in limits)
