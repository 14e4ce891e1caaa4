"""How events change the rows of the catalog. Only the catalog's ``model`` imports it."""
