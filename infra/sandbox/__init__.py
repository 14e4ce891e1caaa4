"""Substitutes for outside systems: a supplier and a payment page. People see them named “sample” or “sandbox”.

They are servers that adapters call over HTTP, as they call the real systems. ``infra.bootstrap`` and tests import
``app.sandbox_app``.
"""
