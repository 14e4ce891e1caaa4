"""The sales read model: orders, their lines and unmatched payments."""
