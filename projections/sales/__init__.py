"""The sales read model: orders, their lines and unmatched payments. Import ``queries`` and ``views``."""
