"""What a merchant must know before publishing: the business identity, what is missing, and the fee."""

from decimal import Decimal
from typing import Self
from uuid import UUID

import strawberry

from domain.editing import fingerprint, revision_of
from domain.merchant.identity import BusinessIdentity as Identity
from domain.merchant.identity import open_identity
from domain.privacy import PersonalData, Sealed
from domain.shipping.town_lines import address_lines
from domain.store.publication import Blocker, BlockerCode
from gateway.graphql.fields import field
from gateway.ports import GatewayDependencies
from infra.web.countries import country_name
from projections.merchants import queries as merchants_queries
from projections.reading.paging import Reader
from projections.reading.scope import MerchantScope


@strawberry.type(description="The business behind a merchant's stores. Shoppers see it on legal pages and the imprint.")
class BusinessIdentity:
    name: str = strawberry.field(description="Registered name.")
    legal_form: str
    address_lines: list[str]
    postal_code: str | None
    city: str
    country: str = strawberry.field(description="ISO 3166-1 alpha-2 code.")
    phone: str
    email: str
    vat_id: str | None
    register_entry: str | None
    responsible_person: str | None
    eu_contact: str | None = strawberry.field(
        description="Responsible economic operator in the European Union, for a business outside it."
    )
    note: str | None
    revision: str = strawberry.field(description="What an editor saw: send it as `expectedRevision` with an edit.")

    @field("The address as its country writes it, line by line: street, town, and the country's name in English last.")
    def printed_lines(self) -> list[str]:
        return address_lines(
            self.address_lines,
            country=self.country,
            country_name=country_name(self.country),
            city=self.city,
            postcode=self.postal_code,
        )

    @classmethod
    def of(cls, identity: Identity, sealed: Sealed) -> Self:
        parts = {"BUSINESS": fingerprint(sealed.model_dump(mode="json"))}
        return cls(**identity.model_dump(), revision=revision_of(parts))


async def load_business_identity(db: Reader, merchant_id: UUID, personal: PersonalData) -> BusinessIdentity | None:
    """Return a merchant's business identity. None if none was stated, or after its data was erased.

    The caller has checked that the person may see the merchant's stores.
    """
    view = await merchants_queries.business_identity(db, merchant_id, scope=MerchantScope(merchant_id))
    identity = None if view is None else await open_identity(view.identity, personal)
    return None if view is None or identity is None else BusinessIdentity.of(identity, view.identity)


@strawberry.type(description="Something that is missing before a store may sell for real money.")
class PublicationBlocker:
    code: BlockerCode
    message: str = strawberry.field(description="What is wrong, and what to do.")
    field: str = strawberry.field(description="Where: `businessIdentity`, `pages.<id>` or `products.<id>`.")
    mutation: str = strawberry.field(description="The mutation that mends it.")
    blocks: bool = strawberry.field(
        description="Whether publishing is refused until it is fixed. With sandbox payments nothing is refused. False: a caution."
    )

    @classmethod
    def of(cls, blocker: Blocker) -> Self:
        return cls(
            code=blocker.code,
            message=blocker.message,
            field=blocker.field,
            mutation=blocker.mutation,
            blocks=blocker.blocks,
        )


@strawberry.type(description="What the platform keeps of each payment.")
class PlatformFee:
    percent: Decimal
    notice: str = strawberry.field(description="The fee in plain words. Show it where merchants publish.")

    @classmethod
    def of(cls, deps: GatewayDependencies) -> Self:
        percent = Decimal(deps.platform_fee_basis_points) / 100
        shown = f"{percent.normalize():f}"
        notice = (
            f"Zyenta keeps {shown}% of every payment, delivery and tax included. The rest goes to your own payment "
            "account. Your payment provider charges its own fee as well."
        )
        return cls(percent=percent, notice=notice)
