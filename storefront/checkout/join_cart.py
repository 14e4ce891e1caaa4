"""Makes the carts of two devices of one shopper one cart."""

from domain.cart.contents import ShopperCart
from domain.cart.ports import KeptCart
from storefront.ports import StorefrontQueries
from storefront.visit.visit import Visit


async def join_cart(visit: Visit, queries: StorefrontQueries, target: KeptCart) -> bool:
    """Make the visit's cart part of another one of the same shopper. False if that one is gone; nothing changed then.

    The caller has the shopper's consent: from now on, both devices show the same cart.
    """
    variants = await queries.variants(visit.store.id, list({entry.product_id for entry in visit.cart}))
    stock = {variant.id: variant.available for known in variants.values() for variant in known}

    def merge(target: ShopperCart, source: ShopperCart) -> ShopperCart:
        return target.merged(source, stock)

    return await visit.browser_cart.join(target.key, merge)
