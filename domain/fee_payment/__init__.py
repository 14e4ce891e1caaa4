"""Payments of platform fees that a merchant owed: one stream per payment. Import ``events`` and ``aggregate``."""
