"""Builds a read model beside the live one, compares it and swaps it in."""
