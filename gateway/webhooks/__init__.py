"""What outside systems tell us: verified at the edge, recorded as an event, reacted to later."""
