"""Discount codes of a store. Import ``events``, ``errors``, ``terms`` and ``aggregate``."""
