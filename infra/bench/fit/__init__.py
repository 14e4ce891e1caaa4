"""The labelled sets of fit and ranking, and the bench that measures them. Tests import ``labelled``."""
