"""The business rules, pure: frozen state, ``decide -> events``, ``evolve(state, event) -> state``.

Standard library and pydantic only; the clock, ids and randomness come in as arguments. One package per
aggregate (``merchant``, ``store``, ``generation``, ``product``, ``media``, ``order``), each with ``events``,
``aggregate``, ``errors`` and the ``ports`` it needs. Import what you need from those modules directly.
"""
