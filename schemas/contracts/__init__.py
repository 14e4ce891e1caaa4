"""The public documents: JSON Schemas, AsyncAPI and samples; how they are made and checked."""
