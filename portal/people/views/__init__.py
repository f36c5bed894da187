"""The doors everybody uses: signing in, links by mail, the own profile."""
