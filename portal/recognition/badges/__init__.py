"""Rules of badges: each kind a small class in a file of its own, with one contract. A new kind is one file and its line in the registry."""
