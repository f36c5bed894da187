"""Why a verdict on an answer stands although the minute is not over."""

from portal.kernel.errors import Refusal
from portal.kernel.text import N_
from portal.review.rules.refusals import NothingToUndo


class SentSince(NothingToUndo):
    """The member has answered what was asked, or tries again."""

    message = N_("The advocate has sent it again since, so your decision stands.")


class WithdrawnSince(NothingToUndo):
    """The member takes no part any more."""

    message = N_("The advocate has withdrawn it since, so your decision stands.")


class AppealedSince(NothingToUndo):
    """The member wants it looked at by somebody else."""

    message = N_("The advocate has appealed against it since, so your decision stands.")


class DroppedEarly(NothingToUndo):
    """An early acceptance that the second person did not share was no verdict, and the member goes on."""

    message = N_("The advocate goes on where they were, so this cannot be undone. What is there can be accepted again under “Begun, not sent”.")


STAYS: dict[str, type[Refusal]] = {"sent": SentSince, "withdrawn": WithdrawnSince, "appealed": AppealedSince, "early": DroppedEarly}
