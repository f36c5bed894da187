"""Verbs of recognition, one file a subject: scores and fences, levels, badges, streaks, seasons, celebrations."""
