"""The stores that shoppers visit: server-rendered pages on projection queries and the command bus.

``app.create_app`` and the ports in ``ports`` are for ``infra.bootstrap``, as is ``read_models``. Inside, ``pages`` imports
``checkout`` and ``rendering``, both import ``visit``, and ``visit`` imports none of them.
"""
