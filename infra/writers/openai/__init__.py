"""Writers on a language model behind an OpenAI-compatible API."""
