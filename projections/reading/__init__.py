"""What every query needs: paging, read-your-writes and time travel."""
