"""The merchants read model: profiles and supplier accounts. Import ``queries`` and ``views``."""
