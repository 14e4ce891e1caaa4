"""The commands of merchants, shoppers, agents and policies, each beside its handler, and the bus that runs them.

``commands.bus.CommandBus`` dispatches, ``commands.registry.bind`` lists the handlers, and ``commands.ports`` has the ports.
Handlers load aggregates through a ``Work``, let them decide, and stage the events. The bus commits events, result and
command id in one transaction. A ``DomainError`` under ``Raises`` is a refusal: no event is appended, and retrying cannot
help. The modules of commands may be imported directly; ``unit_of_work``, ``decisions``,
``hot_streams`` and ``group_queue`` belong to the bus.
"""
