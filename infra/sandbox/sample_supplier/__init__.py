"""The sample supplier: an invented catalog, made from the photos in ``photos/`` and served over HTTP.

Import the server, ``app.sample_supplier_app``. Its client is ``infra.adapters.suppliers.sample``.
"""
