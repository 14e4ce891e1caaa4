"""The generation of a store: one job of five steps, some side by side, each with progress, retry and an end."""
