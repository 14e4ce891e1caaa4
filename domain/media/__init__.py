"""An image on its way from a supplier's photo to the renditions a storefront shows."""
