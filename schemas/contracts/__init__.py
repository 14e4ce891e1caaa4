"""The public documents: JSON Schemas, AsyncAPI and samples; how they are made and checked.

``committed`` is the entry: ``zyenta schemas`` imports it. ``gateway.docs`` imports ``json_schemas``, ``meanings`` and
``sampling`` for the event reference; ``sample_words`` is where an example for a new field goes.
"""
