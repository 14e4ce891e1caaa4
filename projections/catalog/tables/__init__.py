"""The rows and tables of the catalog read model, by subject."""
