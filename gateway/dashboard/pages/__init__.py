"""The pages, one module an area. Each has a ``router``; a new module is found by itself."""
