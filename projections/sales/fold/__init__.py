"""How events change the rows of the sales read model."""
