"""Placeholders in legal pages, filled when a page is shown.

A page says ``{business}`` where the trader's details belong. So a new address is right on all pages at once, and the
merchant's own words stay as they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from domain.merchant.identity import BusinessIdentity
from domain.shipping.town_lines import town_lines
from domain.store.return_policy import ReturnPolicy

BLANK = "To be completed by the merchant:"
"""Begins what pages of earlier releases left to the merchant. Shoppers never see it."""
NOT_ADVICE = "Template, not legal advice."
"""Begins the note to the merchant on every legal template. Shoppers never see it."""
NAMES_BUSINESS = "{business"
"""A page with this names the trader, whatever changes."""
UNSTATED = (
    "The business behind this shop has not published its details yet. Until it does, the shop takes no real orders."
)
NO_ADDRESS = "This shop has not published an e-mail address yet."
PLACEHOLDER = re.compile(r"\{(business(?:\.[a-z_]+)?|shop\.email|delivery\.promise|returns\.(?:days|cost|reasons))\}")
"""The placeholders that :func:`published` fills. Other braces stay as they are."""
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#!|~&])")
_BLANK_ITEM = re.compile(rf"^\s*(?:[-*]|\d+\.)?\s*\*\*\[{re.escape(BLANK)}.*\]\*\*\s*$")
_BLANK_PART = re.compile(rf"\s*\*\*\[{re.escape(BLANK)}[^\]]*\]\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopDetails:
    """The values of the placeholders."""

    identity: BusinessIdentity | None
    """None if the merchant has not stated it, or was erased."""
    country_name: str | None = None
    """The name of the business's country in the shop's language."""
    contact_email: str | None = None
    """The address that the store was requested with; the business's own if there is none."""
    delivery_promise_days: int
    returns: ReturnPolicy = ReturnPolicy()

    @property
    def email(self) -> str | None:
        """Where shoppers write to."""
        return self.contact_email or (None if self.identity is None else self.identity.email)

    @property
    def town(self) -> Sequence[str]:
        """The town of the business as its country writes it; empty without an identity."""
        if self.identity is None:
            return ()
        return town_lines(self.identity.country, city=self.identity.city, postcode=self.identity.postal_code)

    @property
    def charges_vat(self) -> bool:
        """Whether its prices include value added tax, which shoppers must be able to read beside a price.

        A business with a VAT number charges it. Small businesses without one must not claim it.
        """
        return self.identity is not None and self.identity.vat_id is not None


def published(content: str, shop: ShopDetails) -> str:
    """Return a page's Markdown as shoppers see it: placeholders filled, notes to the merchant and blanks removed.

    A line whose placeholder has no value is left out.
    """
    lines = (_line(line, shop) for line in content.splitlines())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(line for line in lines if line is not None)).strip() + "\n"


def has_blanks(content: str) -> bool:
    """Whether a page has blanks that the merchant must fill in."""
    return f"[{BLANK}" in content


def business_block(shop: ShopDetails) -> str:
    """Return the trader's details as a Markdown list; a sentence if they are not stated."""
    identity = shop.identity
    if identity is None:
        return UNSTATED
    entries = [
        _with_form(identity),
        _plain(_address(identity, shop)),
        _entry("Represented by", identity.responsible_person),
        _entry("Phone", identity.phone),
        f"E-mail: {_mail(identity.email)}",
        _entry("Register", identity.register_entry),
        _entry("VAT ID", identity.vat_id),
    ]
    return "\n".join(f"- {entry}" for entry in entries if entry is not None)


def _line(line: str, shop: ShopDetails) -> str | None:
    if _BLANK_ITEM.match(line) or (line.startswith(">") and NOT_ADVICE in line):
        return None
    line = _BLANK_PART.sub("", line)
    if line.strip() == "{business}":
        return business_block(shop)
    if line.strip() == "{shop.email}" and shop.email is None:
        return NO_ADDRESS
    values = {token: _value(token, shop) for token in PLACEHOLDER.findall(line)}
    if any(value is None for value in values.values()):
        return None
    return PLACEHOLDER.sub(lambda match: values[match[1]] or "", line)


def _value(token: str, shop: ShopDetails) -> str | None:
    identity = shop.identity
    match token:
        case "delivery.promise":
            return f"{shop.delivery_promise_days} days"
        case "returns.days" | "returns.cost" | "returns.reasons":
            return _of_returns(token, shop.returns)
        case "shop.email":
            return "the address on our [contact page](/pages/contact)" if shop.email is None else _mail(shop.email)
        case _ if identity is None:
            return None
        case "business":
            return _plain(f"{identity.name}, {_address(identity, shop)}")
        case "business.address":
            return _plain(_address(identity, shop))
        case "business.country":
            return _plain(shop.country_name or identity.country)
        case "business.email":
            return _mail(identity.email)
        case "business.name" | "business.city" | "business.phone" | "business.vat_id" | "business.register_entry":
            part: str | None = getattr(identity, token.partition(".")[2])
            return None if part is None else _plain(part)
        case _:
            return None


def _of_returns(part: str, policy: ReturnPolicy) -> str:
    match part:
        case "returns.days":
            return f"{policy.days} days"
        case "returns.reasons":
            return _plain(", ".join(f"“{reason}”" for reason in policy.reasons))
    if policy.merchant_pays:
        return "we pay the cost of sending the goods back."
    return (
        "you pay the direct cost of sending the goods back, unless they are faulty, damaged or not what you ordered; "
        "then we pay."
    )


def _with_form(identity: BusinessIdentity) -> str:
    # "Fern GmbH" says its form already.
    is_named = identity.name.casefold().endswith(identity.legal_form.casefold())
    return f"**{_plain(identity.name)}**" + ("" if is_named else f", {_plain(identity.legal_form)}")


def _address(identity: BusinessIdentity, shop: ShopDetails) -> str:
    return ", ".join((*identity.address_lines, *shop.town, shop.country_name or identity.country))


def _entry(label: str, value: str | None) -> str | None:
    return None if value is None else f"{label}: {_plain(value)}"


def _mail(email: str) -> str:
    return f"[{_plain(email)}](mailto:{email})"


def _plain(text: str) -> str:
    """Return a text in which Markdown finds no markup."""
    return _MARKUP.sub(r"\\\1", text)
