"""Mutations of API keys."""

import strawberry

from domain.team.roles import KeyScope
from gateway.api.client_errors import REFUSALS
from gateway.api.validation import as_id
from gateway.graphql.context import Info
from gateway.graphql.errors import user_error
from gateway.graphql.fields import mutation
from gateway.graphql.mutations.credentials import CONFIRMED
from gateway.graphql.mutations.payloads import Payload
from gateway.graphql.types.team import ApiKey


@strawberry.input
class CreateApiKeyInput:
    name: str = strawberry.field(description="What uses the key.")
    scopes: list[KeyScope]
    password: str = strawberry.field(description=CONFIRMED)
    expires_in_days: int | None = strawberry.field(
        default=None, description="1 to 366. If omitted, it does not expire."
    )
    client_mutation_id: str | None = None


@strawberry.input
class RotateApiKeyInput:
    key_id: strawberry.ID
    password: str = strawberry.field(description=CONFIRMED)
    scopes: list[KeyScope] | None = strawberry.field(
        default=None, description="The same scopes or fewer. If omitted, the same."
    )
    client_mutation_id: str | None = None


@strawberry.input
class RevokeApiKeyInput:
    key_id: strawberry.ID
    client_mutation_id: str | None = None


@strawberry.type
class ApiKeyPayload(Payload):
    api_key: ApiKey | None = None
    token: str | None = strawberry.field(
        default=None,
        description="The key. It is shown only here. Send it as “Authorization: Bearer <key>” to GraphQL, REST and WebSockets.",
    )


@strawberry.type
class RevokeApiKeyPayload(Payload):
    pass


@strawberry.type
class ApiKeyMutations:
    @mutation("Make an API key. It acts as you, within its scopes and within what you may do at that moment.")
    async def create_api_key(self, info: Info, input: CreateApiKeyInput) -> ApiKeyPayload | None:
        visitor = await info.context.visitor()
        try:
            new = await info.context.services.key_ring.make(
                visitor,
                name=input.name,
                scopes=input.scopes,
                days=input.expires_in_days,
                password=input.password,
            )
        except REFUSALS as error:
            return ApiKeyPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return ApiKeyPayload(api_key=ApiKey.of(new.key), token=new.token, client_mutation_id=input.client_mutation_id)

    @mutation("Replace an API key by one with the same or fewer scopes. The old one ends at once.")
    async def rotate_api_key(self, info: Info, input: RotateApiKeyInput) -> ApiKeyPayload | None:
        visitor = await info.context.visitor()
        try:
            new = await info.context.services.key_ring.rotate(
                visitor, as_id("API key", input.key_id), scopes=input.scopes, password=input.password
            )
        except REFUSALS as error:
            return ApiKeyPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return ApiKeyPayload(api_key=ApiKey.of(new.key), token=new.token, client_mutation_id=input.client_mutation_id)

    @mutation("Revoke an API key. It ends within a second.")
    async def revoke_api_key(self, info: Info, input: RevokeApiKeyInput) -> RevokeApiKeyPayload | None:
        visitor = await info.context.visitor()
        try:
            await info.context.services.key_ring.revoke(visitor, as_id("API key", input.key_id))
        except REFUSALS as error:
            return RevokeApiKeyPayload(user_errors=[user_error(error)], client_mutation_id=input.client_mutation_id)
        return RevokeApiKeyPayload(client_mutation_id=input.client_mutation_id)
