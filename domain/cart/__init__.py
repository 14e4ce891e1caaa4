"""A shopper's cart, as far as the log knows it: which order it became."""
