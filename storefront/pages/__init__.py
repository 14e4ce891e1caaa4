"""The storefront's pages. Each module has ``routes(front)``; only ``storefront.app`` imports them."""
