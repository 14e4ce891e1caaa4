"""The pages of a store, with their titles and slugs."""

from dataclasses import dataclass

from domain.store.events import PageType
from infra.writers.copykit.supplier_text import plain_text


@dataclass(frozen=True, slots=True)
class PageKind:
    """The template, title and address of a kind of page."""

    template: str
    title: str
    slug: str


PAGES = {
    PageType.PRIVACY_POLICY: PageKind("privacy_policy.md.j2", "Privacy Policy", "privacy-policy"),
    PageType.TERMS_OF_SERVICE: PageKind("terms_of_service.md.j2", "Terms of Service", "terms-of-service"),
    PageType.REFUND_POLICY: PageKind("refund_policy.md.j2", "Refund Policy", "refund-policy"),
    PageType.ABOUT: PageKind("about.md.j2", "About {name}", "about"),
    PageType.CONTACT: PageKind("contact.md.j2", "Contact", "contact"),
    PageType.FAQ: PageKind("faq.md.j2", "Questions and Answers", "faq"),
}
"""The pages that writers write, in the order in which merchants see them."""


def line(text: str, most: int = 2000) -> str:
    """Return an external text on one line, without markup."""
    return " ".join(plain_text(text[:most]).split())
