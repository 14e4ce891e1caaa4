"""An image, from a supplier's photo to the renditions of a storefront. Import ``events``, ``aggregate`` and ``ports``."""
