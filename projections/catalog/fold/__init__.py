"""How events become catalog rows."""
