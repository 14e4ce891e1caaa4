"""A store's shelves: its supplier categories as a few broad ones in a shopper's words.

``grouping`` makes them; ``departments.toml`` says which goods belong together.
"""
