"""Commands for a store's brand and contact, from its merchant and its agents."""

import re
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import Field

from commands.access import store_of_merchant
from commands.image_step import append_end_of_step
from commands.ports import UnboundHandlers, Work
from commands.slugs import slug_for
from commands.waiting_drafts import count_as_waiting
from domain.draft.aggregate import DRAFT, request_draft
from domain.draft.events import DraftTarget, FieldChange, TargetKind
from domain.editing import Seen, refuse_overwriting
from domain.generation.aggregate import GENERATION
from domain.generation.events import Step
from domain.ids import derived
from domain.kernel import Clock, InvalidInput
from domain.nearest import nearest
from domain.store.aggregate import STORE, Store
from domain.store.brand import BrandIdentity, BrandProposal, FontPair, HeroKind, Logo, Look, Mood, Palette, Section
from domain.store.brand_edit import BrandEdit, brand_of, change_contact, check_option, edit_brand, edited
from domain.store.generated import record_brand
from domain.store.ports import BrandKit
from domain.store.revision import store_parts
from domain.store.texts import brand_values

T = TypeVar("T")
UnlessSet = Annotated[T | None, Field(exclude_if=lambda value: value is None)]
"""Left out of the digest while unset: repeats of older commands keep their digest."""
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptBrand:
    """Adopt a brand writer's proposal for a store."""

    generation_id: UUID
    attempt: int
    proposal: BrandProposal


async def adopt_brand(command: AdoptBrand, work: Work, *, clock: Clock) -> dict[str, str] | None:
    """Append ``SlugReserved``, ``BrandGenerated`` and the end of the brand step. No-op if the step ended.

    Photos are requested in the same transaction if the products exist.

    The address follows the brand's name until the store is published; the store keeps its earlier slugs. A store that was
    published keeps its brand: the proposal becomes a draft (``DraftRequested``, ``DraftProposed``).

    Raises:
        GenerationEnded, StepNotRunning, StoreNotReady: too late; retrying cannot help.
        ConcurrencyConflict: another store took the slug first; the bus retries with the next one.
    """
    at = clock.now()
    generation = await work.get(GENERATION, command.generation_id)
    brand = command.proposal.brand
    ended = generation.succeed_step(Step.BRAND, command.attempt, summary=f"“{brand.name}” it is", at=at)
    if not ended:
        return None
    store = await work.get(STORE, generation.store_id)
    if store.was_published and store.brand is not None:
        draft_id = await _draft_brand(work, store, store.brand, command, at=at)
        await append_end_of_step(work, generation, ended, clock=clock)
        return {"draft_id": str(draft_id)}
    slug = await slug_for(work, store, brand.name, at=at)
    work.append(
        STORE,
        store.id,
        record_brand(store, command.proposal, generation_id=generation.id, attempt=command.attempt, slug=slug, at=at),
        tenant=store.id,
    )
    await append_end_of_step(work, generation, ended, clock=clock)
    return {"slug": slug}


async def _draft_brand(work: Work, store: Store, brand: BrandIdentity, command: AdoptBrand, *, at: datetime) -> UUID:
    draft_id = derived(command.generation_id, "draft", TargetKind.BRAND, str(command.attempt))
    target = DraftTarget(kind=TargetKind.BRAND, id=store.id)
    requested = request_draft(draft_id, store_id=store.id, merchant_id=store.merchant_id, target=target, at=at)
    if not await work.is_new(DRAFT, draft_id):
        return draft_id
    draft = work.append(DRAFT, draft_id, requested, tenant=store.id)
    bases, proposed = brand_values(brand), brand_values(command.proposal.brand)
    changes = [FieldChange(field=name, base=bases[name], proposed=proposed[name]) for name in bases]
    # The step's call is recorded under its generation, with its cost.
    made = draft.propose(changes, written_by=command.proposal.written_by, note=command.proposal.reason, at=at)
    work.append(DRAFT, draft_id, made, tenant=store.id)
    await count_as_waiting(work, store.id, [draft_id], at=at)
    return draft_id


@dataclass(frozen=True, slots=True, kw_only=True)
class EditStore:
    """Change parts of a store's brand and contact; None leaves a part as it is."""

    store_id: UUID
    merchant_id: UUID
    name: str | None = None
    tagline: str | None = None
    story: str | None = None
    tone: list[str] | None = None
    """Adjectives, the strongest first."""
    primary: str | None = None
    """``#rrggbb``. Colors are moved until all text is readable."""
    secondary: str | None = None
    accent: str | None = None
    dark: bool | None = None
    """Whether text stands on a dark ground."""
    heading_font: str | None = None
    """The body font follows from it."""
    logo_symbol: str | None = None
    """What the logo shows; it is drawn in the store's colors."""
    contact_email: str | None = None
    """Already validated."""
    clear_contact_email: bool = False
    mood: UnlessSet[Mood] = None
    hero: UnlessSet[HeroKind] = None
    sections: UnlessSet[list[Section]] = None
    """The parts of the home page below its hero, from top to bottom."""
    seen: Seen = None


async def edit_store(command: EditStore, work: Work, *, clock: Clock, kit: BrandKit) -> None:
    """Append ``BrandEdited`` and ``ContactChanged``, as far as something differs.

    Open orders keep the name that they were placed under. Pages and products keep their texts.

    Raises:
        ChangedMeanwhile: a part that the command sets is not as the editor saw it.
        InvalidInput: names the field.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived, or has no brand yet.
    """
    at = clock.now()
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    brand = brand_of(store)
    palette = _palette(command, brand, kit)
    edit = BrandEdit(
        name=command.name,
        tagline=command.tagline,
        story=command.story,
        tone=command.tone,
        colors=palette,
        fonts=_fonts(command.heading_font, kit),
        look=_look(command, brand),
    )
    after = edited(brand, edit)
    edit = replace(edit, logo=_logo(command.logo_symbol, after, kit))
    refuse_overwriting(command.seen, store_parts(store, brand), _parts_set(command, edit))
    slug = store.slug or ""
    if after.name != brand.name or store.slug is None:
        slug = await slug_for(work, store, after.name, at=at)
    store = work.append(STORE, store.id, edit_brand(store, edit, slug=slug, at=at), tenant=store.id)
    if command.contact_email is not None or command.clear_contact_email:
        contact = None if command.clear_contact_email else command.contact_email
        work.append(STORE, store.id, change_contact(store, contact, at=at), tenant=store.id)


def _parts_set(command: EditStore, edit: BrandEdit) -> list[str]:
    """Return the names of the parts that a command sets."""
    of_brand = [field.name.upper() for field in fields(edit) if getattr(edit, field.name) is not None]
    contact = command.contact_email is not None or command.clear_contact_email
    return [*of_brand, *(["CONTACT"] if contact else [])]


def _look(command: EditStore, brand: BrandIdentity) -> Look | None:
    given = {"mood": command.mood, "hero": command.hero, "sections": command.sections}
    given = {name: value for name, value in given.items() if value is not None}
    if not given:
        return None
    if command.sections is not None:
        _check_sections(command.sections)
    if brand.look is not None:
        return brand.look.model_copy(update=given)
    if command.mood is None or command.hero is None or command.sections is None:
        missing = next(name for name in ("mood", "hero", "sections") if name not in given)
        raise InvalidInput(missing, "The brand has no look yet. Give mood, hero and sections together.")
    return Look(mood=command.mood, hero=command.hero, sections=command.sections)


def _check_sections(sections: list[Section]) -> None:
    if not sections:
        raise InvalidInput("sections", "sections is empty. Keep at least one part of the home page.")
    if len(set(sections)) < len(sections):
        raise InvalidInput("sections", "sections has a part twice. Name each part once.")


def _palette(command: EditStore, brand: BrandIdentity, kit: BrandKit) -> Palette | None:
    given = {"primary": command.primary, "secondary": command.secondary, "accent": command.accent}
    if command.dark is None and not any(given.values()):
        return None
    present = {name: getattr(brand.palette, name) for name in given}
    colors = {name: _color(name, color) for name, color in given.items() if color is not None}
    dark = kit.is_dark(brand.palette) if command.dark is None else command.dark
    return kit.palette(**{**present, **colors}, dark=dark)


def _color(name: str, color: str) -> str:
    if not _COLOR.fullmatch(color.strip()):
        raise InvalidInput(name, f"Invalid {name} {color[:40]!r}. Use a color such as #5b21b6.")
    return color.strip().lower()


def _fonts(heading: str | None, kit: BrandKit) -> FontPair | None:
    if heading is None:
        return None
    pair = kit.fonts(heading)
    if pair is None:
        near = nearest(heading[:40], kit.headings)
        meant = f"The nearest is {near}. " if near else ""
        raise InvalidInput(
            "heading_font", f"Invalid headingFont {heading[:40]!r}. {meant}Use one of {', '.join(kit.headings)}."
        )
    return pair


def _logo(symbol: str | None, brand: BrandIdentity, kit: BrandKit) -> Logo | None:
    if symbol is None:
        return None
    logo = kit.logo(symbol, brand.palette, name=brand.name)
    if logo is None:
        raise InvalidInput("logo_symbol", f"Invalid logoSymbol {symbol[:40]!r}. Use one of {', '.join(kit.symbols)}.")
    return logo


@dataclass(frozen=True, slots=True, kw_only=True)
class UseBrandOption:
    """Give a store another of the names that were compared for its brand."""

    store_id: UUID
    merchant_id: UUID
    name: str
    seen: Seen = None


async def use_brand_option(command: UseBrandOption, work: Work, *, clock: Clock) -> None:
    """Append ``BrandEdited``. Tagline, story and logo follow where they contain the former name.

    Raises:
        InvalidInput: the name was not among the options, or cannot be a store's name.
        NotFound: no store has the id, or it is another merchant's.
        StoreNotReady: the store is archived, or has no brand yet.
    """
    at = clock.now()
    store = await store_of_merchant(work, command.store_id, command.merchant_id)
    brand = brand_of(store)
    name = check_option(store, command.name)
    if name == brand.name:
        return
    refuse_overwriting(command.seen, store_parts(store, brand), ["NAME"])
    edit = BrandEdit(name=name)
    slug = await slug_for(work, store, name, at=at)
    work.append(STORE, store.id, edit_brand(store, edit, slug=slug, at=at), tenant=store.id)


HANDLERS: UnboundHandlers = {AdoptBrand: adopt_brand, EditStore: edit_store, UseBrandOption: use_brand_option}
"""Each command and its handler."""
