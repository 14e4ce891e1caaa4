"""A product: imported or added by hand, described, priced, stocked and sold. Import ``events``, ``errors``, ``aggregate``, ``ports``."""
