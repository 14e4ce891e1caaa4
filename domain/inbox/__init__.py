"""The inbox: what an outside system reported, kept once per source and external id."""
