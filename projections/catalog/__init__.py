"""The catalog read model: stores with pages, collections and domains, products with variants, and media. Import ``queries`` and ``views``."""
