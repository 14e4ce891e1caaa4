"""The table of permissions lists everything, and roles and keys never gain by it."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import graphql
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.registry import HANDLERS
from domain.store.team import Team, with_team_event
from domain.store.team_events import InvitationWithdrawn, PersonInvited, PersonJoined, PersonLeft, TeamRoleChanged
from domain.team.errors import KeyTooWeak
from domain.team.permissions import CLOSED, Permission, permissions
from domain.team.roles import KeyScope, Role
from gateway.auth.visitor import KeyUse, Visitor
from tests.support.builders.samples import sealed
from tests.support.schema import published_schema

SCHEMA = published_schema()
ROOTS = [each for each in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type) if each is not None]
ROLES = st.sampled_from(Role)


def test_every_command_is_listed_once() -> None:
    table = permissions()
    assert table.commands.keys() & table.internal == set()
    assert {command.__name__ for command in HANDLERS} == table.commands.keys() | table.internal


@pytest.mark.parametrize("root", ROOTS, ids=lambda root: root.name)
def test_every_root_field_is_listed(root: graphql.GraphQLObjectType) -> None:
    listed = {name.partition(".")[2] for name in permissions().fields if name.startswith(f"{root.name}.")}
    assert listed == root.fields.keys()


def test_every_type_that_answers_reach_is_listed() -> None:
    payloads = {name for name in SCHEMA.type_map if name.endswith("Payload")} | {"UserError"}
    objects = {
        name
        for name, kind in SCHEMA.type_map.items()
        if graphql.is_object_type(kind) and not name.startswith("__") and kind not in ROOTS
    }
    assert objects - payloads == permissions().types
    for name in permissions().fields:
        type_name, _, field = name.partition(".")
        kind = SCHEMA.type_map[type_name]
        assert isinstance(kind, graphql.GraphQLObjectType)
        assert field in kind.fields


def test_what_is_not_listed_is_closed() -> None:
    assert permissions().command("Unheard") == CLOSED
    assert permissions().field("Query", "unheard") == CLOSED
    assert permissions().field("Unheard", "id") == CLOSED
    assert Permission() == CLOSED == Permission(Role.OWNER, None)


def test_an_editor_may_not_publish_pay_refund_invite_connect_money_or_delete() -> None:
    for name in (
        "PublishStore", "ApproveStore", "RefundOrder", "RefundReturn", "CancelOrderByMerchant", "BuyAnyway",
        "PlaceSupplierOrder", "InvitePerson", "ChangeRole", "RemovePerson", "ConnectStripe", "ConnectSupplier",
        "ArchiveStore", "ArchiveProduct", "RemoveCollection", "RemoveDomain",
    ):  # fmt: skip
        assert permissions().command(name).role is Role.OWNER, name
    assert {each.role for each in permissions().commands.values()} <= {Role.OWNER, Role.EDITOR, Role.VIEWER}
    viewers = {name for name, each in permissions().commands.items() if each.role is Role.VIEWER}
    assert viewers == {"AcceptInvitation", "LeaveStore"}, "a viewer changes their own membership only"


@given(ROLES, ROLES, ROLES)
def test_a_stronger_role_may_do_what_a_weaker_one_may(one: Role, other: Role, needed: Role) -> None:
    assert one.covers(other) or other.covers(one)
    if one.covers(other) and other.covers(needed):
        assert one.covers(needed)
    assert (one.covers(other) and other.covers(one)) is (one is other)


@given(st.frozensets(st.sampled_from(KeyScope)), st.sampled_from(sorted(permissions().commands)))
def test_a_key_may_do_what_its_scopes_say_and_no_more(scopes: frozenset[KeyScope], command: str) -> None:
    permission = permissions().command(command)
    visitor = Visitor(person_id=UUID(int=1), key=KeyUse(UUID(int=2), scopes))
    if permission.scope in scopes:
        visitor.check_key(permission)
    else:
        with pytest.raises(KeyTooWeak) as refusal:
            visitor.check_key(permission)
        assert refusal.value.needed is permission.scope
    Visitor(person_id=UUID(int=1)).check_key(permission)


AT = datetime(2026, 11, 29, tzinfo=UTC)
PEOPLE = [UUID(int=n) for n in range(1, 4)]
STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "change", "leave", "withdraw"]), st.sampled_from(PEOPLE), ROLES), max_size=12
)


@given(STEPS)
def test_a_team_is_what_its_last_events_say(steps: list[tuple[str, UUID, Role]]) -> None:
    team, expected, pending = Team(), dict[UUID, Role](), set[UUID]()
    for number, (step, person, role) in enumerate(steps, start=1):
        head = {"originator_id": UUID(int=9), "originator_version": number, "occurred_at": AT}
        invitation = UUID(int=100 + number)
        invited = PersonInvited(
            **head, invitation_id=invitation, email=sealed(invitation), role=role, expires_at=AT + timedelta(days=7)
        )
        match step:
            case "join":
                team = with_team_event(team, invited)
                joined = PersonJoined(**head, invitation_id=invitation, person_id=person, role=role)
                team, expected[person] = with_team_event(team, joined), role
            case "withdraw":
                team = with_team_event(team, invited)
                pending.add(invitation)
                if role is Role.VIEWER:
                    pending.discard(invitation)
                    team = with_team_event(team, InvitationWithdrawn(**head, invitation_id=invitation))
            case "change" if person in expected:
                team = with_team_event(team, TeamRoleChanged(**head, person_id=person, role=role))
                expected[person] = role
            case "leave":
                team = with_team_event(team, PersonLeft(**head, person_id=person, by_owner=True))
                expected.pop(person, None)
    assert dict(team.roles) == expected
    assert team.invitations.keys() == pending
