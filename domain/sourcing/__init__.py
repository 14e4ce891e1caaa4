"""Sourcing: ranking and pricing of listings. Import ``listing``, ``pricing``, ``ranking``, ``relevance`` and ``ports``."""
