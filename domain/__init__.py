"""The business rules, pure: frozen state, ``decide -> events``, ``evolve(state, event) -> state``.

The rules use the standard library, pydantic, and ``anyascii``, ``idna`` and ``publicsuffixlist`` for names. The clock, ids and
randomness are arguments. Each aggregate, such as ``store``, ``product`` and ``order``, is a package with ``events`` and
``aggregate``, and ``errors`` and ``ports`` where it has any. ``sourcing`` ranks and prices listings; ``accounts`` has the ports
of log-ins; ``team`` says what roles may do. Every module may be imported directly.
"""
