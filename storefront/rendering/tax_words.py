"""What a page or a mail says about the tax in a price, by the country that the goods are delivered to."""

from dataclasses import dataclass

from domain.money import Money
from domain.store.law import tax_name
from domain.store.taxes import OrderTax, TaxKind
from infra.web.countries import country_name


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxWords:
    """The words about an order's tax."""

    row: tuple[str, Money] | None = None
    """A line above the total: ``Includes 19 % VAT`` and how much it is, or the tax that was added."""
    basis: str = ""
    """Beside the total, if no line says more: ``VAT included``, ``before taxes``."""
    name: str = ""
    """Of the tax that the total has; empty if it has none, or if that is unknown."""
    note: str = ""
    """Why the total has no tax; empty if it has some, or if the shop says nothing about it."""
    is_open: bool = False
    """Whether the payment provider adds the tax later, and shows it before the payment."""


def tax_words(tax: OrderTax | None, *, country: str | None, charges_vat: bool) -> TaxWords:
    """Return what is said about the tax of an order or a checkout.

    Args:
        tax: the order's; None if the store says nothing about taxes.
        country: where it is delivered; None if it is unknown.
        charges_vat: whether the business charges value added tax, which counts if the store says nothing.
    """
    if tax is None:
        return TaxWords(basis="VAT included", name="VAT") if charges_vat else TaxWords()
    name = tax_name(country)
    if tax.amount is None:
        return (
            TaxWords(basis="before taxes", is_open=True) if tax.is_added else TaxWords(basis=_included(name), name=name)
        )
    if tax.amount.minor == 0:
        where = "" if country is None else f" for deliveries to {country_name(country)}"
        return TaxWords(note=f"The total {'has' if tax.is_added else 'includes'} no {name}{where}.")
    if tax.is_added:
        return TaxWords(row=(_capital(name), tax.amount), name=name)
    rate = f"{tax.basis_points / 100:g} % " if tax.basis_points and tax.kind is TaxKind.INCLUDED else ""
    return TaxWords(row=(f"Includes {rate}{name}", tax.amount), name=name)


def _included(name: str) -> str:
    return f"{_capital(name)} included"


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
