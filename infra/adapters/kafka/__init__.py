"""Ports implemented on a Kafka-compatible broker."""
