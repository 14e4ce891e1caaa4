"""Language models of OpenAI, of compatible servers, and of Anthropic."""
