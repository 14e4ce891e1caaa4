"""Commands that the clock causes."""
