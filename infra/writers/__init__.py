"""Writers of brands, copy, pages and search phrases: by rules without a key, or with a language model.

Bootstrap imports the writers from ``rules`` and ``prompted``. ``brandkit`` and ``copykit`` are what both share.
"""
