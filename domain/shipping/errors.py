"""Refusals of a delivery."""

from typing import ClassVar

from domain.kernel import DomainError


class NoDelivery(DomainError):
    """The store does not deliver to the country."""

    code: ClassVar[str] = "NO_DELIVERY"
    field = "country"

    def __init__(self, country: str) -> None:
        super().__init__(f"This shop does not deliver to {country}. Choose a country from the list.")
        self.country = country


class TooHeavy(DomainError):
    """The order weighs more than the zone's last weight band allows."""

    code: ClassVar[str] = "TOO_HEAVY"
    field = "lines"

    def __init__(self, zone: str, *, grams: int, most: int) -> None:
        super().__init__(
            f"The order weighs {_kilograms(grams)} kg, and this shop sends at most {_kilograms(most)} kg to {zone}. "
            "Order fewer pieces at a time."
        )
        self.zone, self.grams, self.most = zone, grams, most


def _kilograms(grams: int) -> str:
    return f"{grams / 1000:,.2f}".rstrip("0").rstrip(".")
