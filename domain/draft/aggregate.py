"""The draft aggregate: requested, proposed or failed, then accepted by field or dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.draft.errors import DraftNotOpen, DraftOutOfDate
from domain.draft.events import (
    DraftAccepted,
    DraftDropped,
    DraftEvent,
    DraftFailed,
    DraftProposed,
    DraftRequested,
    DraftTarget,
    FieldChange,
    FollowedField,
    TargetKind,
)
from domain.editing import EditField, FieldValues, Fingerprints, fingerprint
from domain.kernel import CorruptStream, InvalidInput, StreamKind, first_header, next_header
from domain.text import check_readable, clean_line

HINT_MOST = 500
"""Longest hint, in characters."""
NOTHING_NEW = "The proposal was the same as what the store has. Say in a hint what should be different."

FIELDS: Mapping[TargetKind, Sequence[EditField]] = {
    TargetKind.BRAND: (
        EditField.NAME,
        EditField.TAGLINE,
        EditField.STORY,
        EditField.TONE,
        EditField.COLORS,
        EditField.FONTS,
        EditField.LOGO,
        EditField.LOOK,
    ),
    TargetKind.PRODUCT: (EditField.TITLE, EditField.DESCRIPTION, EditField.META),
    TargetKind.PAGE: (EditField.TITLE, EditField.CONTENT),
    TargetKind.COLLECTION: (EditField.TITLE, EditField.TEXT),
    TargetKind.CATEGORY: (EditField.TITLE, EditField.TEXT),
    TargetKind.IMAGE: (EditField.PICTURE,),
}
"""The fields of each kind of target, in the order in which they are shown."""


class DraftStatus(StrEnum):
    """The status of a draft."""

    REQUESTED = "REQUESTED"
    """It is being made."""
    PROPOSED = "PROPOSED"
    """Some fields wait for the merchant's decision."""
    FAILED = "FAILED"
    ACCEPTED = "ACCEPTED"
    """All fields were accepted."""
    DROPPED = "DROPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A proposal for one target of one store."""

    id: UUID
    version: int
    store_id: UUID
    merchant_id: UUID
    target: DraftTarget
    wanted: tuple[EditField, ...] = ()
    """The fields that may change; empty for all."""
    hint: str | None = None
    status: DraftStatus = DraftStatus.REQUESTED
    changes: Mapping[EditField, FieldChange] = field(default_factory=dict)
    accepted: frozenset[EditField] = frozenset()
    bases: Fingerprints = field(default_factory=dict)
    """The live values under which a change is up to date."""

    @property
    def is_ended(self) -> bool:
        """Whether nothing of it waits any more: it failed, was dropped, or was accepted as a whole."""
        return self.status in {DraftStatus.DROPPED, DraftStatus.FAILED, DraftStatus.ACCEPTED}

    @property
    def may_change(self) -> Sequence[EditField]:
        """The fields that the maker may propose values for."""
        return self.wanted or FIELDS[self.target.kind]

    @property
    def open_fields(self) -> Sequence[EditField]:
        """The fields that wait for a decision."""
        if self.status is not DraftStatus.PROPOSED:
            return ()
        return [name for name in self.changes if name not in self.accepted]

    def out_of_date(self, live: Fingerprints) -> Sequence[EditField]:
        """Return the open fields whose live value is neither the base nor the proposal.

        A live value that equals the proposal already is not newer work.

        Args:
            live: of the target's present values; a field that is missing has none.
        """
        return [
            name
            for name in self.open_fields
            if live.get(name) not in {self.bases[name], fingerprint(self.changes[name].proposed)}
        ]

    def propose(
        self,
        changes: Sequence[FieldChange],
        *,
        written_by: str,
        call_id: UUID | None = None,
        cost: int | None = 0,
        note: str | None = None,
        at: datetime,
    ) -> Sequence[DraftEvent]:
        """Record a proposal. It fails if it changes no field. No-op if the draft is not being made.

        Args:
            changes: by the maker; fields that may not change, and equal values, are left out.
            written_by: ``house`` or a model's name.
            call_id: the recorded call whose answer it is.
            cost: in millionths of a US dollar; None if it is not known.
            note: for the merchant, what became of the hint.
            at: the time of the proposal.
        """
        if self.status is not DraftStatus.REQUESTED:
            return ()
        kept = {change.field: change for change in changes if change.field in self.may_change}
        differing = [kept[name] for name in self.may_change if name in kept and _differs(kept[name])]
        if not differing:
            return self.fail(note or NOTHING_NEW, call_id=call_id, cost=cost, at=at)
        return (
            DraftProposed(
                **next_header(self, at),
                changes=differing,
                written_by=written_by,
                call_id=call_id,
                cost_microdollars=cost,
                note=note,
            ),
        )

    def fail(
        self, reason: str, *, call_id: UUID | None = None, cost: int | None = 0, at: datetime
    ) -> Sequence[DraftEvent]:
        """Record why there is no proposal. No-op if the draft is not being made."""
        if self.status is not DraftStatus.REQUESTED:
            return ()
        return (DraftFailed(**next_header(self, at), reason=reason, call_id=call_id, cost_microdollars=cost),)

    def select(self, fields: Sequence[EditField] | None, *, live: Fingerprints) -> FieldValues:
        """Return the proposed values of the fields that an acceptance would set. Empty if all were accepted before.

        Args:
            fields: None for all that are open.
            live: of the target's present values.

        Raises:
            DraftNotOpen: it is not made, failed or dropped.
            DraftOutOfDate: a field was changed since. Nothing is accepted.
            InvalidInput: the draft has no such field, or no field is named.
        """
        if self.status not in {DraftStatus.PROPOSED, DraftStatus.ACCEPTED}:
            raise DraftNotOpen(self.id, self.status)
        if fields is not None:
            self._check_named(fields)
        chosen = [name for name in self.open_fields if fields is None or name in fields]
        stale = [name for name in self.out_of_date(live) if name in chosen]
        if stale:
            current = [name for name in self.open_fields if name not in self.out_of_date(live)]
            raise DraftOutOfDate(stale, current)
        return {name: self.changes[name].proposed for name in chosen}

    def accept(
        self,
        fields: Sequence[EditField],
        *,
        before: Fingerprints,
        after: Fingerprints,
        target_version: int,
        by: UUID,
        at: datetime,
    ) -> Sequence[DraftEvent]:
        """Record that the target was changed by these fields.

        Args:
            fields: what :meth:`select` returned.
            before: of the target's values before the change.
            after: of its values after the change.
            target_version: of the target's stream after the change.
            by: the person who accepted them.
            at: the time of the change.
        """
        if not fields:
            return ()
        current = set(self.open_fields) - set(self.out_of_date(before)) - set(fields)
        followed = [
            FollowedField(field=name, fingerprint=after[name])
            for name in self.changes
            if name in current and after[name] != before[name]
        ]
        return (
            DraftAccepted(
                **next_header(self, at),
                fields=list(fields),
                target_version=target_version,
                accepted_by=by,
                followed=followed,
            ),
        )

    def drop(self, *, at: datetime) -> Sequence[DraftEvent]:
        """Drop the draft, or what is left of it. No-op if it is dropped, failed, or accepted as a whole."""
        if self.is_ended:
            return ()
        return (DraftDropped(**next_header(self, at)),)

    def _check_named(self, fields: Sequence[EditField]) -> None:
        if not fields:
            raise InvalidInput("fields", "fields is empty. Name the fields to accept, or leave it out to accept all.")
        missing = [name for name in fields if name not in self.changes]
        if missing:
            raise InvalidInput(
                "fields", f"The draft has no change of {', '.join(missing)}. It changes {', '.join(self.changes)}."
            )


def request_draft(
    draft_id: UUID,
    *,
    store_id: UUID,
    merchant_id: UUID,
    target: DraftTarget,
    fields: Sequence[EditField] = (),
    hint: str | None = None,
    at: datetime,
) -> Sequence[DraftEvent]:
    """Request a draft. The caller has checked that the store has the target.

    Raises:
        InvalidInput: the target has no such field, or the hint is too long or not readable.
    """
    unknown = [name for name in fields if name not in FIELDS[target.kind]]
    if unknown:
        known = ", ".join(FIELDS[target.kind])
        raise InvalidInput("fields", f"A draft of a {target.kind} has no field {', '.join(unknown)}. Use {known}.")
    return (
        DraftRequested(
            **first_header(draft_id, at),
            store_id=store_id,
            merchant_id=merchant_id,
            target=target,
            fields=[name for name in FIELDS[target.kind] if name in fields],
            hint=clean_hint(hint),
        ),
    )


def clean_hint(hint: str | None) -> str | None:
    """Return a hint as one line; None if it is empty.

    Raises:
        InvalidInput: the hint is over 500 characters, or has characters that people cannot see.
    """
    if hint is None:
        return None
    if len(hint) > HINT_MOST:
        raise InvalidInput("hint", f"hint has {len(hint)} characters. Use at most {HINT_MOST}.")
    check_readable("hint", hint)
    return clean_line(hint) or None


def _differs(change: FieldChange) -> bool:
    return fingerprint(change.base) != fingerprint(change.proposed)


def evolve(draft: Draft | None, event: DraftEvent) -> Draft:
    """Apply one recorded event. Checks no rule: what is in the log happened."""
    match draft, event:
        case None, DraftRequested():
            return Draft(
                id=event.originator_id,
                version=event.originator_version,
                store_id=event.store_id,
                merchant_id=event.merchant_id,
                target=event.target,
                wanted=tuple(event.fields),
                hint=event.hint,
            )
        case Draft(), DraftProposed():
            return replace(
                draft,
                version=event.originator_version,
                status=DraftStatus.PROPOSED,
                changes={change.field: change for change in event.changes},
                bases={change.field: fingerprint(change.base) for change in event.changes},
            )
        case Draft(), DraftFailed():
            return replace(draft, version=event.originator_version, status=DraftStatus.FAILED)
        case Draft(), DraftAccepted():
            accepted = draft.accepted | set(event.fields)
            status = DraftStatus.ACCEPTED if accepted >= set(draft.changes) else draft.status
            return replace(
                draft,
                version=event.originator_version,
                status=status,
                accepted=accepted,
                bases={**draft.bases, **{one.field: one.fingerprint for one in event.followed}},
            )
        case Draft(), DraftDropped():
            return replace(draft, version=event.originator_version, status=DraftStatus.DROPPED)
        case _:
            raise CorruptStream(event)


DRAFT = StreamKind("draft", Draft, evolve)
