"""A store's own domains."""

from datetime import datetime
from typing import Self

import strawberry

from domain.store.domain_events import DomainProblem, DomainStatus
from domain.store.domain_names import shown_domain
from domain.store.domains import proof_name, proof_value
from projections.catalog.views import DomainView, StoreView


@strawberry.type(description="A domain that the merchant connected to a store.")
class Domain:
    name: str = strawberry.field(description="As DNS has it: lower case, ASCII.")
    shown_name: str = strawberry.field(description="In its own script.")
    status: DomainStatus
    primary: bool = strawberry.field(
        description="Whether it is the store's canonical address. Its other addresses redirect there."
    )
    problem: DomainProblem | None = strawberry.field(
        description="What the last check of the proof found wrong. Null if nothing, or before the first check."
    )
    proof_name: str = strawberry.field(description="The name of the TXT record that proves the domain.")
    proof_value: str = strawberry.field(description="The text of that record.")
    points_to: str = strawberry.field(
        description="The host that the domain must point to: by CNAME, or by its addresses."
    )
    connected_at: datetime
    check_until: datetime = strawberry.field(
        description="When the search for the proof ends. Connect the domain again to restart it."
    )
    verified_at: datetime | None
    off_at: datetime | None = strawberry.field(
        description="When the domain is switched off because its proof is lost. Null unless that is so."
    )

    @classmethod
    def of(cls, view: DomainView, store: StoreView, *, platform: str) -> Self:
        return cls(
            name=view.name,
            shown_name=shown_domain(view.name),
            status=view.status,
            primary=view.name == store.custom_domain,
            problem=view.problem,
            proof_name=proof_name(view.name),
            proof_value=proof_value(view.token),
            points_to=f"{store.slug}.{platform}" if store.slug else platform,
            connected_at=view.connected_at,
            check_until=view.check_until,
            verified_at=view.verified_at,
            off_at=view.off_at,
        )
