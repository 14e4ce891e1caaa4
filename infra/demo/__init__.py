"""The demo: one niche from the merchant's request to a shopper's paid order, through the public interfaces only.

``merchant`` is a GraphQL client of the gateway, ``shopper`` an HTML client of the storefront. ``outcome`` checks what they
saw against what the README promises. ``infra.cli.demo`` runs them; it may import all modules.
"""
