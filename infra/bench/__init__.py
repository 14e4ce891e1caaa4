"""Benches: what the platform reaches on this machine, in ratios to the machine's own limit."""
