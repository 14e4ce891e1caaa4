"""The people who work in a store, and API keys."""

from datetime import datetime
from typing import Self

import strawberry

from domain.accounts.keys import ApiKey as StoredKey
from domain.team.roles import KeyScope, Role
from gateway.graphql.context import ReadContext
from gateway.graphql.fields import field
from gateway.graphql.types.media import as_gid
from projections.merchants.team_queries import InvitationView, PersonView


@strawberry.type(description="A person who works in a store of another merchant.")
class Person:
    id: strawberry.ID = strawberry.field(description="Id of the person's account.")
    role: Role
    joined_at: datetime
    view: strawberry.Private[PersonView]
    reading: strawberry.Private[ReadContext]

    @field("Null after the person deleted their account.")
    async def email(self) -> str | None:
        return await self.reading.loaders.personal.load(self.view.email)

    @strawberry.field
    async def name(self) -> str | None:
        sealed = self.view.name
        return None if sealed is None else await self.reading.loaders.personal.load(sealed)

    @classmethod
    def of(cls, view: PersonView, reading: ReadContext) -> Self:
        return cls(id=as_gid(view.person_id), role=view.role, joined_at=view.joined_at, view=view, reading=reading)


@strawberry.type(description="An invitation that was neither accepted nor withdrawn, and has not expired.")
class Invitation:
    id: strawberry.ID
    role: Role
    invited_at: datetime
    expires_at: datetime
    view: strawberry.Private[InvitationView]
    reading: strawberry.Private[ReadContext]

    @field("The address that the mail went to.")
    async def email(self) -> str | None:
        return await self.reading.loaders.personal.load(self.view.email)

    @classmethod
    def of(cls, view: InvitationView, reading: ReadContext) -> Self:
        return cls(
            id=as_gid(view.id),
            role=view.role,
            invited_at=view.invited_at,
            expires_at=view.expires_at,
            view=view,
            reading=reading,
        )


@strawberry.type(
    description="An API key. It may do what its maker may do at that moment, within its scopes. Its text is shown once."
)
class ApiKey:
    id: strawberry.ID
    name: str
    prefix: str = strawberry.field(description="The key's first characters, to recognize it by.")
    scopes: list[KeyScope]
    created_at: datetime
    expires_at: datetime | None = strawberry.field(description="Null if it does not expire.")
    last_used_at: datetime | None = strawberry.field(description="Within a minute. Null if it was never used.")

    @classmethod
    def of(cls, key: StoredKey) -> Self:
        return cls(
            id=as_gid(key.id),
            name=key.name,
            prefix=key.prefix,
            scopes=[scope for scope in KeyScope if scope in key.scopes],
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
        )
