"""schema.org data of products and lists of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from domain.money import Money
from domain.shipping.errors import TooHeavy
from domain.shipping.rates import Parcel, deliver
from domain.shipping.weights import grams_of
from projections.catalog.views import CollectionView, ProductView, StoreView, VariantView
from storefront.rendering.delivery import rates_of
from storefront.rendering.formatting import Card, Picture, summary
from storefront.rendering.store_data import return_policy, script
from storefront.shelves.grouping import Shelf
from storefront.visit.visit import Visit

OPTIONS: Mapping[str, str] = {
    "size": "size",
    "color": "color",
    "colour": "color",
    "material": "material",
    "pattern": "pattern",
}
"""Names of options in lower case, and schema.org's property of each. Search engines know no others."""


def product_data(
    visit: Visit,
    product: ProductView,
    variants: Sequence[VariantView],
    photos: Sequence[Picture],
    shelf: Shelf | None,
) -> list[Markup]:
    """Return a product's data, and the way to it."""

    def absolute(address: str) -> str:
        return address if "://" in address else visit.origin + address

    page = f"{visit.origin}/products/{product.slug}"
    shared: dict[str, Any] = {
        "@context": "https://schema.org",
        "name": product.title,
        "description": summary(product.meta_description or product.description, 500),
        "image": [absolute(picture.large) for picture in photos],
        "brand": {"@type": "Brand", "name": visit.brand.name},
        "category": product.category,
        "url": page,
    }
    policy = return_policy(visit.store)

    def offer(variant: VariantView) -> Mapping[str, Any]:
        return {
            "@type": "Offer",
            "price": str(variant.price.decimal),
            "priceCurrency": variant.price.currency,
            "availability": "https://schema.org/" + ("InStock" if variant.available > 0 else "OutOfStock"),
            "itemCondition": "https://schema.org/NewCondition",
            "url": page if len(variants) == 1 else f"{page}?variant={variant.id}",
            "seller": {"@id": f"{visit.origin}/#store"},
            "shippingDetails": _deliveries(visit.store, product, variant.price),
            "hasMerchantReturnPolicy": policy,
        }

    if len(variants) == 1:
        (only,) = variants
        data = shared | {"@type": "Product", "sku": only.sku or str(only.id), "offers": offer(only)}
    else:
        data = shared | {
            "@type": "ProductGroup",
            "productGroupID": str(product.id),
            **_differences(variants),
            "hasVariant": [
                {
                    "@type": "Product",
                    **_options(variant),
                    "name": f"{product.title} – {variant.title}",
                    "sku": variant.sku or str(variant.id),
                    "image": shared["image"][:1],
                    "offers": offer(variant),
                }
                for variant in variants
            ],
        }
    return [script(data), _breadcrumbs(visit, shelf, (product.title, f"/products/{product.slug}"))]


def _options(variant: VariantView) -> dict[str, str]:
    """Return a variant's options that search engines know, by their property."""
    return {OPTIONS[name.lower()]: value for name, value in variant.options.items() if name.lower() in OPTIONS}


def _differences(variants: Sequence[VariantView]) -> dict[str, list[str]]:
    """Return by what variants differ; empty if search engines know none of their options."""
    names = dict.fromkeys(name for variant in variants for name in _options(variant))
    return {"variesBy": [f"https://schema.org/{name}" for name in names]} if names else {}


def shelf_data(visit: Visit, shelf: Shelf, shown: Sequence[Card]) -> list[Markup]:
    """Return the data of a shelf's page: its first products, and the way to it."""
    page = _listing(visit, shelf.name, shelf.text, f"/c/{shelf.slug}", shown, total=shelf.products)
    return [page, _breadcrumbs(visit, shelf)]


def collection_data(visit: Visit, collection: CollectionView, shown: Sequence[Card]) -> list[Markup]:
    """Return the data of a collection's page: its first products, and the way to it."""
    path = f"/collections/{collection.slug}"
    page = _listing(visit, collection.title, collection.text, path, shown, total=None)
    return [page, _breadcrumbs(visit, None, (collection.title, path))]


def _listing(visit: Visit, name: str, text: str, path: str, shown: Sequence[Card], *, total: int | None) -> Markup:
    products: dict[str, Any] = {
        "@type": "ItemList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": card.title, "url": visit.origin + card.url}
            for position, card in enumerate(shown, 1)
        ],
    }
    if total is not None:
        products["numberOfItems"] = total
    data: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "CollectionPage",
        "name": name,
        "url": visit.origin + path,
        "mainEntity": products,
    }
    if text:
        data["description"] = summary(text, 300)
    return script(data)


def _deliveries(store: StoreView, product: ProductView, price: Money) -> list[Mapping[str, Any]]:
    """Return what it costs to send one piece to each zone, and how long it takes."""
    rates = rates_of(store)
    parcel = Parcel(subtotal=price, grams=grams_of(product.attributes) or rates.unknown_weight)
    found: list[Mapping[str, Any]] = []
    for zone in rates.zones:
        try:
            delivery = deliver(rates, zone.countries[0], parcel)
        except TooHeavy:
            continue
        details: dict[str, Any] = {
            "@type": "OfferShippingDetails",
            "shippingRate": {
                "@type": "MonetaryAmount",
                "value": str(delivery.price.decimal),
                "currency": delivery.price.currency,
            },
            "shippingDestination": {"@type": "DefinedRegion", "addressCountry": zone.countries},
        }
        if product.shipping_days is not None:
            fewest, most = product.shipping_days
            days = {"@type": "QuantitativeValue", "minValue": fewest, "maxValue": most, "unitCode": "DAY"}
            details["deliveryTime"] = {"@type": "ShippingDeliveryTime", "transitTime": days}
        found.append(details)
    return found


def _breadcrumbs(visit: Visit, shelf: Shelf | None, *last: tuple[str, str]) -> Markup:
    steps = [("Home", "/"), ("Shop", "/products"), *([(shelf.name, f"/c/{shelf.slug}")] if shelf else []), *last]
    data = {
        "@context": "https://schema.org",
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": position, "name": name, "item": visit.origin + address}
            for position, (name, address) in enumerate(steps, 1)
        ],
    }
    return script(data)
