"""Ports implemented on a Kafka-compatible broker; import the modules directly."""
