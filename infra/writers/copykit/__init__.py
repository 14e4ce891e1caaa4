"""What every copywriter needs: grammar, titles, scoring, and facts from supplier text."""
