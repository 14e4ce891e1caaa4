"""The demonstration: one niche, from the merchant's request to a shopper's paid order, over the same doors users take.

``merchant`` speaks GraphQL to the gateway, ``shopper`` HTML to the storefront, ``outcome`` says whether what they saw is
what is promised; ``infra.cli.demo`` tells the story.
"""
