"""One shopper's visit: which store, which cookies, which cart."""
