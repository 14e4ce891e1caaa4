"""What pages and mails say about the tax in a price: the word of the buyer's country, how much, or why there is none."""

import pytest

from domain.money import Money
from domain.store.taxes import OrderTax, TaxKind
from storefront.rendering.tax_words import TaxWords, tax_words

VAT, NONE = Money(minor=1900, currency="EUR"), Money(minor=0, currency="EUR")
STATED, LATER, ADDED = TaxKind.INCLUDED, TaxKind.INCLUDED_AT_PAYMENT, TaxKind.ADDED_AT_PAYMENT


@pytest.mark.parametrize(
    ("tax", "country", "charges_vat", "said"),
    [
        (None, "DE", True, TaxWords(basis="VAT included", name="VAT")),
        (None, "DE", False, TaxWords()),
        (
            OrderTax(kind=STATED, basis_points=1900, amount=VAT),
            "DE",
            True,
            TaxWords(row=("Includes 19 % VAT", VAT), name="VAT"),
        ),
        (
            OrderTax(kind=STATED, basis_points=825, amount=VAT),
            "US",
            False,
            TaxWords(row=("Includes 8.25 % sales tax", VAT), name="sales tax"),
        ),
        (
            OrderTax(kind=STATED, basis_points=1000, amount=VAT),
            None,
            False,
            TaxWords(row=("Includes 10 % tax", VAT), name="tax"),
        ),
        (
            OrderTax(kind=STATED, basis_points=0, amount=NONE),
            "US",
            True,
            TaxWords(note="The total includes no sales tax for deliveries to United States."),
        ),
        (OrderTax(kind=LATER), "AU", False, TaxWords(basis="GST included", name="GST")),
        (OrderTax(kind=LATER, amount=VAT), "AU", False, TaxWords(row=("Includes GST", VAT), name="GST")),
        (OrderTax(kind=ADDED), "US", True, TaxWords(basis="before taxes", is_open=True)),
        (OrderTax(kind=ADDED, amount=VAT), "US", False, TaxWords(row=("Sales tax", VAT), name="sales tax")),
        (OrderTax(kind=ADDED, amount=NONE), None, True, TaxWords(note="The total has no tax.")),
    ],
)
def test_the_tax_has_the_word_of_the_buyers_country_or_a_reason(
    tax: OrderTax | None, country: str | None, charges_vat: bool, said: TaxWords
) -> None:
    assert tax_words(tax, country=country, charges_vat=charges_vat) == said
