"""Who reads an answer besides those who decide on it: said to the member before they write, and frozen with the version they answer."""

from collections.abc import Mapping
from typing import Any

from portal.challenges.stages.contract import Control
from portal.kernel.text import N_

READ_BY = "read_by"
PROGRAMME, OWNER = "programme", "owner"
READERS = Control(
    "one",
    N_("Who reads it"),
    N_("The account owner reads it on a page of theirs and in a weekly mail. Members are told so beside the question, before they answer."),
    choices=((PROGRAMME, N_("The programme team alone")), (OWNER, N_("Also the employee who looks after their company"))),
    default=PROGRAMME,
)


def is_for_owner(options: Mapping[str, Any]) -> bool:
    """Tell whether the step told its reader that their account owner reads the answer. A step from before this could be chosen told nobody."""
    return bool(options.get(READ_BY) == OWNER)
