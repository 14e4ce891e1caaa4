"""Media stores, photo downloads, and the studio that edits photos; import the modules directly."""
