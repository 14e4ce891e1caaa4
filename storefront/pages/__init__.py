"""The storefront's pages. Each module has one subclass of ``Pages``; only ``storefront.app`` imports them."""
