"""What happens to a photo: taken in, cut out, staged, exported. Runs in the studio's worker processes only."""
