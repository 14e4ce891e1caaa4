"""Adapters, composition, the command line, embedded servers and benches. No other package imports from here."""
