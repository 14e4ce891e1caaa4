"""Calls to outside systems that a generation makes: models, suppliers and writers, what they cost and what they answered."""
