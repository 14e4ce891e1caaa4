"""The log's public contract: topics and keys, the envelope, wire names, JSON Schemas and upcasters.

Every package may import ``envelope``, ``headers``, ``registry`` and ``topics``. ``records``, ``record_batches``, ``record_columns``
and ``record_headers`` are the bytes in Kafka, for the log and the projection engine. ``contracts`` makes the public documents;
``internal`` holds ports that packages share.
"""
