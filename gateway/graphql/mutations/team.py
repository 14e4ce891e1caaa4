"""Mutations of the people who work in a store."""

from collections.abc import Callable
from uuid import UUID

import strawberry

from commands.ports import Receipt
from commands.team import ChangeRole, LeaveStore, RemovePerson, WithdrawInvitation
from domain.team.roles import Role
from gateway.api import invitations
from gateway.api.command_request import CommandRequest
from gateway.api.validation import as_id
from gateway.graphql.context import Info, ReadContext
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.inputs import MutationInput, StoreInput
from gateway.graphql.mutations.payloads import Payload, Send, StorePayload, change
from gateway.graphql.queries.root import find_store


@strawberry.input
class InvitePersonInput(StoreInput):
    email: str = strawberry.field(description="The address that the invitation is sent to, and that it is bound to.")
    role: Role = strawberry.field(description="EDITOR or VIEWER.")


@strawberry.input
class InvitationInput(StoreInput):
    invitation_id: strawberry.ID


@strawberry.input
class AcceptInvitationInput(MutationInput):
    token: str = strawberry.field(description="From the link in the mail. It works once, for seven days.")


@strawberry.input
class ChangeRoleInput(StoreInput):
    person_id: strawberry.ID
    role: Role = strawberry.field(description="EDITOR or VIEWER.")
    expected_role: Role | None = strawberry.field(
        default=None,
        description="The role that you saw. If the person has another by now, nothing is saved and the code is "
        "CHANGED_MEANWHILE. Omitted: yours replaces any.",
    )


@strawberry.input
class PersonInput(StoreInput):
    person_id: strawberry.ID


@strawberry.type
class LeaveStorePayload(Payload):
    pass


@strawberry.type
class TeamMutations:
    @mutation(
        "Invite a person to a store by mail. The invitation is bound to the address, works once and for seven days. "
        "The answer is the same whether or not the address has an account."
    )
    async def invite_person(self, info: Info, input: InvitePersonInput) -> StorePayload | None:
        store_id = as_id("store", input.store_id)

        async def send(request: CommandRequest) -> Receipt:
            return await invitations.invite(request, store_id, input.email, input.role)

        return await _change(info, input, send, store_id)

    @mutation("Take an invitation back. Its link does not work any more.")
    async def withdraw_invitation(self, info: Info, input: InvitationInput) -> StorePayload | None:
        invitation_id = as_id("invitation", input.invitation_id)
        return await _command(
            info,
            input,
            lambda store_id, caller: WithdrawInvitation(
                store_id=store_id, merchant_id=caller, invitation_id=invitation_id
            ),
        )

    @mutation("Accept an invitation. Log in with the address that it was sent to.")
    async def accept_invitation(self, info: Info, input: AcceptInvitationInput) -> StorePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await invitations.accept(request, input.token)

        async def show(_reading: ReadContext, receipt: Receipt) -> dict[str, object]:
            info.context.services.sessions.forget()
            reading = info.context.reading_now(await info.context.visitor())
            return {"store": await find_store(reading, UUID(receipt.result["store_id"]))}

        return await change(info, StorePayload, input, send, show)

    @mutation("Give a person another role in a store. It counts at once.")
    async def change_role(self, info: Info, input: ChangeRoleInput) -> StorePayload | None:
        person_id = as_id("person", input.person_id)
        return await _command(
            info,
            input,
            lambda store_id, caller: ChangeRole(
                store_id=store_id,
                merchant_id=caller,
                person_id=person_id,
                role=input.role,
                seen=input.expected_role,
            ),
        )

    @mutation("End a person's role in a store. Their sessions see nothing of it within a second.")
    async def remove_person(self, info: Info, input: PersonInput) -> StorePayload | None:
        person_id = as_id("person", input.person_id)
        return await _command(
            info,
            input,
            lambda store_id, caller: RemovePerson(store_id=store_id, merchant_id=caller, person_id=person_id),
        )

    @mutation("Leave another merchant's store.")
    async def leave_store(self, info: Info, input: StoreInput) -> LeaveStorePayload | None:
        async def send(request: CommandRequest) -> Receipt:
            return await request.send(
                LeaveStore(store_id=as_id("store", input.store_id), merchant_id=request.merchant_id)
            )

        async def show(_reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
            info.context.services.sessions.forget()
            return {}

        return await change(info, LeaveStorePayload, input, send, show)


async def _command(info: Info, input: StoreInput, command: Callable[[UUID, UUID], object]) -> StorePayload:
    store_id = as_id("store", input.store_id)

    async def send(request: CommandRequest) -> Receipt:
        return await request.send(command(store_id, request.merchant_id))

    return await _change(info, input, send, store_id)


async def _change(info: Info, input: MutationInput, send: Send, store_id: UUID) -> StorePayload:
    async def show(reading: ReadContext, _receipt: Receipt) -> dict[str, object]:
        info.context.services.sessions.forget()
        return {"store": await find_store(reading, store_id)}

    return await change(info, StorePayload, input, send, show)
