"""Every kind of stage there is."""

from portal.challenges.stages.answer import WrittenAnswer
from portal.challenges.stages.checked import TeamConfirms
from portal.challenges.stages.confirm import Confirm
from portal.challenges.stages.consent import ConsentGiven
from portal.challenges.stages.contract import StageKind
from portal.challenges.stages.event import OutsideEventHeard
from portal.challenges.stages.link import SharedLink
from portal.challenges.stages.nps import NpsQuestion
from portal.challenges.stages.questions import Questions
from portal.challenges.stages.quiz import Quiz
from portal.challenges.stages.refer import ReferredPeer
from portal.challenges.stages.review import OnlineReview
from portal.challenges.stages.upload import UploadedFile
from portal.challenges.stages.visit import Visit
from portal.kernel.errors import NotFound

_EVERY: tuple[StageKind, ...] = (
    Confirm(),
    Visit(),
    WrittenAnswer(),
    Questions(),
    Quiz(),
    NpsQuestion(),
    SharedLink(),
    OnlineReview(),
    UploadedFile(),
    ReferredPeer(),
    ConsentGiven(),
    TeamConfirms(),
    OutsideEventHeard(),
)
KINDS: dict[str, StageKind] = {kind.key: kind for kind in _EVERY}
NEED_PERSON = tuple(kind.key for kind in _EVERY if kind.needs_person)
"""The kinds that no rule approves: a person always looks."""


def stage_kind(key: str) -> StageKind:
    """Return the kind named ``key``; refuses an unknown one with ``NotFound``."""
    if key not in KINDS:
        raise NotFound()
    return KINDS[key]
