"""One person against what is needed, as they stand now: where other rooms look for it."""

from portal.finding.queries.candidates import check_one

__all__ = ["check_one"]
