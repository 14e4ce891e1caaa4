"""schema.org data of a store as a whole: who sells, its site, its questions and answers."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from domain.store.legal_text import ShopDetails
from domain.store.return_policy import ReturnPolicy
from infra.web import markdown
from projections.catalog.views import StoreView
from storefront.rendering.delivery import rates_of, usual_country
from storefront.visit.visit import Visit

COUNTRIES_MOST = 50
"""Countries of one return policy that search engines read."""
MARKETS = frozenset(
    ["AT", "AU", "BE", "BR", "CA", "CH", "DE", "DK", "ES", "FR", "GB", "IE", "IN", "IT", "JP", "KR", "MX", "NL", "NO", "NZ", "PL", "PT", "SE", "US"]
)  # fmt: skip
"""Countries in which search engines list goods of shops; they come before others where not all have room."""
_QUESTION = re.compile(r"^#{2,3} +(.+?) *#*$", re.MULTILINE)


def script(data: Mapping[str, Any]) -> Markup:
    """Return data as JSON-LD that is safe inside a script element."""
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")
    return Markup(text)  # noqa: S704 - JSON in which no "<" is left cannot end its script element


def store_data(visit: Visit, shop: ShopDetails) -> list[Markup]:
    """Return the data of a home page: the organization that sells, and the site with its search."""
    organization: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "OnlineStore",
        "@id": f"{visit.origin}/#store",
        "name": visit.brand.name,
        "url": f"{visit.origin}/",
        "logo": f"{visit.origin}/logo.svg",
        "slogan": visit.brand.voice.tagline,
        "hasMerchantReturnPolicy": return_policy(visit.store),
    }
    if shop.identity is not None:
        organization["legalName"] = shop.identity.name
    if shop.email is not None:
        organization["contactPoint"] = {
            "@type": "ContactPoint",
            "contactType": "customer service",
            "email": shop.email,
        }
    site = {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": visit.brand.name,
        "url": f"{visit.origin}/",
        "publisher": {"@id": f"{visit.origin}/#store"},
        "potentialAction": {
            "@type": "SearchAction",
            "target": f"{visit.origin}/products?q={{search_term_string}}",
            "query-input": "required name=search_term_string",
        },
    }
    return [script(organization), script(site)]


def return_policy(store: StoreView) -> Mapping[str, Any]:
    """Return the store's rules for returns."""
    policy = store.returns or ReturnPolicy()
    home = usual_country(store)
    countries = sorted(rates_of(store).countries, key=lambda each: (each != home, each not in MARKETS, each))
    fees = "FreeReturn" if policy.merchant_pays else "ReturnFeesCustomerResponsibility"
    data: dict[str, Any] = {
        "@type": "MerchantReturnPolicy",
        "returnPolicyCategory": "https://schema.org/MerchantReturnFiniteReturnWindow",
        "merchantReturnDays": policy.days,
        "returnMethod": "https://schema.org/ReturnByMail",
        "returnFees": f"https://schema.org/{fees}",
    }
    return data | ({"applicableCountry": countries[:COUNTRIES_MOST]} if countries else {})


def questions_data(content: str) -> list[Markup]:
    """Return the data of a page of questions, one for each heading with a text; empty if it has none."""
    parts = _QUESTION.split(content)[1:]
    questions = [
        {
            "@type": "Question",
            "name": question,
            "acceptedAnswer": {"@type": "Answer", "text": str(markdown.render(answer.strip())).strip()},
        }
        for question, answer in _pairs(parts)
        if answer.strip()
    ]
    if not questions:
        return []
    return [script({"@context": "https://schema.org", "@type": "FAQPage", "mainEntity": questions})]


def _pairs(parts: Sequence[str]) -> Sequence[tuple[str, str]]:
    return list(zip(parts[::2], parts[1::2], strict=True))
