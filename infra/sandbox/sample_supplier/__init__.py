"""The sample supplier: a catalogue of our own making, built on the photos in ``photos/`` and served over HTTP.

``app.sample_supplier_app`` is the server; ``infra.adapters.suppliers.sample`` is the client on our side of the wire.
"""
