"""A shopper's cart and the order it became. Import ``events``, ``errors`` and ``aggregate``."""
