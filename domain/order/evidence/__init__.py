"""Evidence for a dispute: its fields, how it is assembled from what is known, and when it may be submitted."""
