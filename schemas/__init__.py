"""The log's public contract: topics and keys, the envelope, wire names and their JSON Schemas, upcasters.

Import from ``schemas.envelope``, ``schemas.registry`` and ``schemas.topics``.
"""
