"""What people and policies may ask for: each command beside its handler, and the bus that runs them.

``commands.bus.CommandBus`` dispatches; ``commands.ports`` says what it needs. Handlers load aggregates through a
``Work``, let them decide, and stage the events; the bus commits events, result and command id in one transaction.
Whatever ``DomainError`` a handler names under ``Raises`` is a refusal: nothing is appended, and retrying cannot help.
"""
