"""The catalog read model: stores, pages, products, variants and media assets. Import ``queries`` and ``views``."""
