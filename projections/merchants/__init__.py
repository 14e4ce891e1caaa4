"""The merchants read model: profiles and supplier accounts."""
