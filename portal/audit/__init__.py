"""Who did what to what, when, from where. Append-only; never edited, never removed."""
