"""The business rules, pure: frozen state, ``decide -> events``, ``evolve(state, event) -> state``.

The rules use the standard library, pydantic, and ``anyascii``, ``idna`` and ``publicsuffixlist`` for names. The clock, ids and
randomness are arguments. Each aggregate is a package: ``events`` says what happened, ``aggregate`` holds state and decisions,
``errors`` the refusals, ``ports`` what it needs from outside. Larger ones have a module for each subject of decisions.

    store, product, media, generation, draft    what a store is made of, and how agents make it
    cart, discount, shipping, order, shopper    what shoppers do
    merchant, payee, payout, fee_payment, subscription   what the merchant and the platform owe each other
    inbox, mail, stock_notice, calls            what came from outside, and what went there
    sourcing, ledger, team, accounts, privacy   rules without a stream of their own

Every module may be imported directly.
"""
