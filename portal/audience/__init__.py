"""Audiences: who is meant by something. Rules that include and exclude, one engine for every room, a dry run, and the answer to "why not"."""
