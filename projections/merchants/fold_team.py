"""How events change the rows of the people who work in stores."""

from uuid import UUID

from domain.store.team_events import InvitationWithdrawn, PersonInvited, PersonJoined, PersonLeft, TeamRoleChanged
from projections.engine.tables import Folds, as_json
from projections.merchants.tables import MerchantsRows
from projections.merchants.team_tables import InvitationRow, PersonRow

TEAM_FOLDS: Folds[MerchantsRows] = Folds()


def _person(event: PersonJoined | TeamRoleChanged | PersonLeft, _: UUID) -> tuple[UUID, UUID]:
    return event.originator_id, event.person_id


@TEAM_FOLDS.on(PersonInvited)
def person_invited(rows: MerchantsRows, event: PersonInvited, _: UUID) -> None:
    rows.store_invitations[event.invitation_id] = InvitationRow(
        id=event.invitation_id,
        store_id=event.originator_id,
        email=as_json(event.email),
        role=event.role,
        invited_at=event.occurred_at,
        expires_at=event.expires_at,
        is_pending=True,
    )


@TEAM_FOLDS.on(InvitationWithdrawn, store_invitations="invitation_id")
def invitation_withdrawn(rows: MerchantsRows, event: InvitationWithdrawn, _: UUID) -> None:
    rows.store_invitations[event.invitation_id].is_pending = False


@TEAM_FOLDS.on(PersonJoined, store_invitations="invitation_id", store_people=_person)
def person_joined(rows: MerchantsRows, event: PersonJoined, tenant: UUID) -> None:
    rows.store_invitations[event.invitation_id].is_pending = False
    key, at = _person(event, tenant), event.occurred_at
    person = rows.store_people.get(key)
    if person is None:
        rows.store_people[key] = PersonRow(
            store_id=key[0], person_id=key[1], role=event.role, joined_at=at, updated_at=at
        )
        return
    person.role, person.joined_at, person.updated_at = event.role, at, at


@TEAM_FOLDS.on(TeamRoleChanged, store_people=_person)
def team_role_changed(rows: MerchantsRows, event: TeamRoleChanged, tenant: UUID) -> None:
    person = rows.store_people[_person(event, tenant)]
    person.role, person.updated_at = event.role, event.occurred_at


@TEAM_FOLDS.on(PersonLeft, store_people=_person)
def person_left(rows: MerchantsRows, event: PersonLeft, tenant: UUID) -> None:
    person = rows.store_people[_person(event, tenant)]
    person.role, person.updated_at = None, event.occurred_at
