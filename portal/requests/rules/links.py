"""Whose link it is; each opens nothing but its own page."""

from enum import StrEnum


class LinkKind(StrEnum):
    """Who answers by a link."""

    OWNER = "owner"
    CUSTOMER = "customer"
    PROSPECT = "prospect"


PAGES = {LinkKind.OWNER: "/agree", LinkKind.CUSTOMER: "/asked", LinkKind.PROSPECT: "/meet"}
"""The page behind a link of each kind."""
