"""The storefront's pages. Each module has one subclass of ``base.Pages``; only ``storefront.app`` imports them."""
