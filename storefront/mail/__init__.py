"""Mails in the look of their store. ``infra.bootstrap`` imports ``writer`` and ``sources``."""
