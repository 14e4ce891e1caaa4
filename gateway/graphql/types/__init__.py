"""The schema's object types. Each wraps a read model's view, and its fields read through its read context."""
