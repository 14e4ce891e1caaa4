"""Builds a read model beside the live one, compares both and swaps the new one in. Only infra imports it."""
