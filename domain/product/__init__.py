"""A product: imported from a supplier or added by hand, written up, priced, stocked and sold."""
