"""Near misses and one candidate checked again: where other rooms look for them."""

from portal.finding.queries.candidates import near_misses

__all__ = ["near_misses"]
