"""A shopper as a person with a right to erasure. Import ``events``, ``errors`` and ``aggregate``."""
