"""Drafts: what agents propose for a store that exists, beside its live state, until the merchant decides."""
