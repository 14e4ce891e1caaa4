"""The stores that shoppers visit: server-rendered pages on projection queries and the command bus.

``app.create_app``, ``ports``, ``read_models``, ``mail`` and ``shelves`` are for ``infra.bootstrap``. Inside, ``pages`` and ``mail``
import ``checkout`` and ``rendering``, both import ``visit``, and ``visit`` imports none of them.
"""
