"""The store: a niche that becomes a brand, its pages, and a shop that opens, pauses and closes."""
