"""Writers by rules: no key, no network, the same result for the same seed."""
