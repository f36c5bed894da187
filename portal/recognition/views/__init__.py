"""The doors everybody uses: board, badges, seasons, celebrations."""
