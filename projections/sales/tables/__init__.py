"""The rows and tables of the sales read model, by subject."""
