"""Finding the right reference for a deal: search, fit, near misses, favourites, comparison, and the library that costs nobody an ask."""
