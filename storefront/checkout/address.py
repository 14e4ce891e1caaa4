"""The checkout form, and what is wrong with its fields."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields

from domain.shipping.countries import DELIVERABLE
from domain.text import clean_line, find_forbidden
from infra.web.countries import country_name

EMAIL = re.compile(r"[^@\s,;<>()\"']+@[^@\s,;<>()\"'.]+(?:\.[^@\s,;<>()\"'.]+)+")
EMAIL_MAX, TEXT_MAX = 254, 120
NO_POSTCODE = frozenset({"AE", "HK"})
NEEDS_REGION = frozenset({"AU", "BR", "CA", "IN", "MX", "US"})
"""Countries whose addresses need a state or province."""


def no_delivery(country: str) -> str:
    """Return the message for a country without a zone."""
    if country not in DELIVERABLE:
        return "Choose a country from the list."
    return f"This shop does not deliver to {country_name(country)}. Choose another country."


@dataclass(frozen=True, slots=True)
class ShopperForm:
    """The checkout form, normalized but not validated."""

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
        """Return the form in one normal form of text, at most 400 characters of a field.

        Superfluous white space and invisible characters are removed. A field with a forbidden character stays as typed:
        ``problems`` names the character.
        """
        typed = {field.name: str(form.get(field.name, ""))[:400] for field in fields(cls)}
        return cls(**{name: text if find_forbidden(text) else clean_line(text) for name, text in typed.items()})

    def problems(self, countries: Collection[str] = DELIVERABLE) -> dict[str, str]:
        """Return fields with what is wrong and what to do, in the form's order; empty if the form is valid.

        Args:
            countries: where the store delivers.
        """
        problems: dict[str, str] = {}

        def need(field: str, message: str) -> None:
            if not clean_line(getattr(self, field)):
                problems[field] = message

        need("name", "Write the name of the recipient.")
        need("email", "Write an e-mail address. The shop uses it for questions about this order.")
        need("line1", "Write the street and house number.")
        need("city", "Write the town or city.")
        if self.country not in countries:
            problems["country"] = no_delivery(self.country)
        else:
            if self.country not in NO_POSTCODE:
                need("postcode", "Write the postal code.")
            if self.country in NEEDS_REGION:
                need("region", "Write the state or province. Parcels to this country need it.")
        if self.email and (len(self.email) > EMAIL_MAX or not EMAIL.fullmatch(self.email)):
            problems["email"] = f"“{self.email[:60]}” is not an e-mail address. Write it like name@example.com."
        for field in fields(self):
            value: str = getattr(self, field.name)
            character = find_forbidden(value)
            if character is not None:
                problems[field.name] = (
                    f"This contains a character that is not allowed: {character}. Type it again without the character."
                )
            elif field.name != "email" and len(value) > TEXT_MAX:
                problems[field.name] = f"This is too long. Write at most {TEXT_MAX} characters."
        return {field.name: problems[field.name] for field in fields(self) if field.name in problems}

    def address(self) -> str:
        """Return the address as ``OrderPlaced.shipping_address`` seals it: JSON, empty parts as empty text."""
        parts = ("line1", "line2", "city", "region", "postcode", "country")
        return json.dumps({part: getattr(self, part) for part in parts}, ensure_ascii=False)

    def digest_text(self) -> str:
        """Return all fields in a fixed order: forms with equal texts make equal orders."""
        return json.dumps([getattr(self, field.name) for field in fields(self)], ensure_ascii=False)
