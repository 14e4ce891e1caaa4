"""What every brand writer needs: palettes, fonts, marks, sound and domains."""
