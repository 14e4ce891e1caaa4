"""An image, from a supplier's photo to the renditions of a storefront; ``picture`` and ``quality`` are what shops see of it."""
