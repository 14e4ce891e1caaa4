"""Writers of brands, copy, pages and search phrases: by rules without a key, or by a language model."""
