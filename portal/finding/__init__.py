"""Finding a reference: search, fit with its reasons, near misses, favourites, the library of content, and the price of an ask."""
