"""How pages look: templates, theme, formats, Markdown and static files. Pages and checkout may import all modules."""
