"""What a shopper writes into the checkout form, and whether it can be delivered to."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields

from domain.text import clean_line, forbidden

EMAIL = re.compile(r"[^@\s,;<>()\"']+@[^@\s,;<>()\"'.]+(?:\.[^@\s,;<>()\"'.]+)+")
EMAIL_MAX, TEXT_MAX = 254, 120
COUNTRIES = frozenset({
    "AE", "AR", "AT", "AU", "BE", "BG", "BR", "CA", "CH", "CL", "CO", "CY", "CZ", "DE",
    "DK", "EE", "ES", "FI", "FR", "GB", "GR", "HK", "HR", "HU", "IE", "IL", "IN", "IS",
    "IT", "JP", "KR", "LI", "LT", "LU", "LV", "MT", "MX", "MY", "NL", "NO", "NZ", "PH",
    "PL", "PT", "RO", "SA", "SE", "SG", "SI", "SK", "TH", "TR", "TW", "US", "VN", "ZA",
})  # fmt: skip
"""ISO 3166 codes of the countries to which checkout takes orders."""
NO_POSTCODE = frozenset({"AE", "HK"})
NEEDS_REGION = frozenset({"AU", "BR", "CA", "IN", "MX", "US"})
"""Where a parcel without a state or province does not arrive."""


@dataclass(frozen=True, slots=True)
class ShopperForm:
    """The checkout form, tidied but not yet believed."""

    name: str = ""
    email: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = "US"

    @classmethod
    def read(cls, form: Mapping[str, object]) -> "ShopperForm":
        """Return what was typed in one normal form, white space in order, at most 400 characters of a field.

        Invisible characters that come with pasted text go. A field with characters that no text may have stays as it
        is: ``problems`` names them.
        """
        typed = {field.name: str(form.get(field.name, ""))[:400] for field in fields(cls)}
        return cls(**{name: text if forbidden(text) else clean_line(text) for name, text in typed.items()})

    def problems(self) -> dict[str, str]:
        """Return field to what is wrong with it and what to do, in the form's order; empty if an order can be sent there."""
        found: dict[str, str] = {}

        def need(field: str, message: str) -> None:
            if not clean_line(getattr(self, field)):
                found[field] = message

        need("name", "Write the name that goes on the parcel.")
        need("email", "Write an e-mail address, so that the shop can reach you about this order.")
        need("line1", "Write street and house number.")
        need("city", "Write the town or city.")
        if self.country not in COUNTRIES:
            found["country"] = "Choose a country from the list."
        else:
            if self.country not in NO_POSTCODE:
                need("postcode", "Write the postcode.")
            if self.country in NEEDS_REGION:
                need("region", "Write the state or province; a parcel needs it there.")
        if self.email and (len(self.email) > EMAIL_MAX or not EMAIL.fullmatch(self.email)):
            found["email"] = f"“{self.email[:60]}” is not an e-mail address. Write it like name@example.com."
        for field in fields(self):
            value: str = getattr(self, field.name)
            character = forbidden(value)
            if character is not None:
                found[field.name] = f"This has a character in it that no text may have: {character}. Type it again."
            elif field.name != "email" and len(value) > TEXT_MAX:
                found[field.name] = f"This is too long: {TEXT_MAX} characters are the most."
        return {field.name: found[field.name] for field in fields(self) if field.name in found}

    def address(self) -> str:
        """Return the address as ``OrderPlaced.shipping_address`` seals it: JSON, empty parts as empty text."""
        parts = ("line1", "line2", "city", "region", "postcode", "country")
        return json.dumps({part: getattr(self, part) for part in parts}, ensure_ascii=False)

    def digest_text(self) -> str:
        """Return everything typed, in one fixed order: two forms with the same text are the same order."""
        return json.dumps([getattr(self, field.name) for field in fields(self)], ensure_ascii=False)
