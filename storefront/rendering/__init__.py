"""How pages look: templates, theme, formatting, static files."""
