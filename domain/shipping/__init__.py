"""Where a store delivers, and for how much. Import ``rates``, ``weights``, ``countries``, ``town_lines`` and ``errors``."""
