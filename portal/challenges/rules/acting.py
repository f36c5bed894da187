"""Which kind of act an approved challenge is."""

from collections.abc import Iterable

from portal.acts.rules.acts import ActKind

PRECEDENCE = (
    ActKind.REVIEW,
    ActKind.REFERRAL,
    ActKind.CONSENT,
    ActKind.EVENT,
    ActKind.UPLOAD,
    ActKind.SHARE,
    ActKind.SURVEY,
    ActKind.QUIZ,
    ActKind.CHALLENGE,
)
"""What an act counts as whose steps speak for several kinds: the first. What others see or hear of goes before what only the team reads."""


def kind_of_act(counted: Iterable[ActKind], *, is_unrewarded: bool = False) -> ActKind:
    """Return the kind of an act from what each of its steps counts as; one that may not be rewarded is of that kind, whatever its steps."""
    return ActKind.UNREWARDED if is_unrewarded else min(counted, key=PRECEDENCE.index, default=ActKind.CHALLENGE)
