"""Sourcing: which listings of suppliers become products, and at what price.

    listing, screening, untrusted    a supplier's listing, repaired or rejected
    fit, fit_*                       how well it fits a niche, 0 to 1
    scoring, ranking, alternatives   which of the fitting ones are chosen
    pricing, landed                  margin and customs duty
    phrases, relevance, supplier_words    words
    importing, ports                 the start of a product; catalogs of suppliers

Every module may be imported directly.
"""
