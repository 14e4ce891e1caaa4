"""A store's generation: one job of five steps. Import ``events``, ``errors`` and ``aggregate``."""
