"""Stripe behind :mod:`domain.order.ports`: each merchant is paid through their own connected account (direct charges)."""
