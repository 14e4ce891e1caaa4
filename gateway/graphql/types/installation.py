"""What an installation of the platform can do, for pages that offer it."""

from typing import Self

import strawberry

from domain.merchant.events import SupplierProvider
from gateway.ports import GatewayDependencies


@strawberry.type(description="What this installation of the platform can do. It is the same for every merchant.")
class Installation:
    address: str | None = strawberry.field(description="Its public address. Null if the operator stated none.")
    sandbox: bool = strawberry.field(description="Whether payments are a sandbox, in which no money moves.")
    stripe: bool = strawberry.field(description="Whether merchants are paid into their accounts at Stripe.")
    suppliers: list[SupplierProvider] = strawberry.field(description="Suppliers that it can search.")
    heading_fonts: list[str] = strawberry.field(description="Fonts that a brand's headings can have, by name.")
    logo_symbols: list[str] = strawberry.field(description="Symbols that a logo can show.")

    @classmethod
    def of(cls, deps: GatewayDependencies) -> Self:
        kit = deps.brand_kit
        return cls(
            address=deps.public_url.rstrip("/") or None,
            sandbox=deps.sandbox,
            stripe=deps.stripe is not None,
            suppliers=sorted(deps.suppliers),
            heading_fonts=[] if kit is None else list(kit.headings),
            logo_symbols=[] if kit is None else list(kit.symbols),
        )
