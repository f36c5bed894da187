"""Which criterion left a request without anybody: told from what the search keeps out. Specification A7. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence

from portal.requests.rules.answering import Unfilled

OF_FILTERS: Mapping[str, Unfilled] = {
    "NoConsent": Unfilled.CONSENT,
    "NeverThis": Unfilled.CONSENT,
    "AskedOften": Unfilled.CAPACITY,
    "CompanyAskedOften": Unfilled.CAPACITY,
    "TakesNone": Unfilled.CAPACITY,
    "OtherProduct": Unfilled.PRODUCT,
    "OtherLanguage": Unfilled.LANGUAGE,
    "Away": Unfilled.AWAY,
    "AwayThatDay": Unfilled.AWAY,
    "NotVerified": Unfilled.VERIFICATION,
    "NeverVerified": Unfilled.VERIFICATION,
    "RenewalNear": Unfilled.RENEWAL,
    "Detracts": Unfilled.DETRACTOR,
    "Held": Unfilled.BLOCK,
    "Escalated": Unfilled.BLOCK,
    "CannotBeAskedHere": Unfilled.BLOCK,
    "NotFoundNow": Unfilled.HIDDEN,
    "OwnGroup": Unfilled.PROSPECT,
    "CompetesWithProspect": Unfilled.PROSPECT,
}
"""The criterion of each hard filter of the search, by the filter's name."""


def criterion_of(fitting: int, alone: Mapping[str, int], lacking: Sequence[str]) -> Unfilled:
    """Return why a request for which nobody was proposed stayed unfilled.

    Where somebody fits, nobody proposed them. Else the criterion that, alone, keeps out most of those who would fit (``alone``: people by
    hard filter; of equals the first of ``Unfilled``); where there is none of these either, the first place that nobody has (``lacking``).
    """
    if fitting:
        return Unfilled.NOT_PROPOSED
    people: Counter[Unfilled] = Counter()
    for name, number in alone.items():
        people[OF_FILTERS.get(name, Unfilled.OTHER)] += number
    if people:
        most = max(people.values())
        return next(one for one in Unfilled if people[one] == most)
    return Unfilled(lacking[0]) if lacking else Unfilled.NOBODY
