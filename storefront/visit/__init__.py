"""A shopper's visit: its store, its cookies, its cart, and the tokens that the browser carries.

Other packages import ``visit.visit``, ``visit.cart``, ``visit.errors`` and, for tokens, ``visit.signing``.
"""
