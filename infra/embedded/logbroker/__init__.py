"""A small Kafka-protocol broker in one Python process, used by ``zyenta up`` if no Kafka is configured.

It supports the request versions that producers, consumers, groups, transactions and Kafka's tools need. It keeps its logs as
plain files and survives SIGKILL. It does not support several nodes or retention, and may lose data in a power cut. It has
two listeners: the platform logs in on one and may write, other clients read on the other. Why it exists:
``infra/decisions/0001-embedded-broker.md``. Who may write: ``infra/decisions/0018-who-may-write.md``. Its behavior follows the
protocol guide (https://kafka.apache.org/protocol); the tests in ``tests/integration/embedded`` compare it with a real Kafka.

It runs as ``python -m infra.embedded.logbroker``. Other packages may import only ``USERNAME``. It uses the standard library
only (and uvloop if installed), so that it starts fast and stays small.

    wire          primitive types of requests and responses
    batches       record batches, as producers send them, files hold them and consumers read them
    partition     one partition's log
    journal       all other persistent state: topics, transactions, offsets
    topics, groups (members, group_owners), transactions   the broker's states
    access        listeners, the log-in and the limits of each listener
    *_requests    decoding, handling and encoding of each request
    connections   one client: limits of time and size, and dispatch
    server        listeners and recovery
"""

USERNAME = "zyenta"
"""The only principal that may write."""
