"""The gallery as members, owners and admins see it, and who may open its files."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select
from sqlalchemy.orm import Session

from portal.audience.models import Audience
from portal.audience.queries.admission import Stamps, admitted
from portal.challenges.models.gallery import GalleryItem
from portal.challenges.models.offering import Challenge, ChallengeAudience
from portal.challenges.models.taking import Submission
from portal.challenges.queries.proof import may_open_proof
from portal.challenges.rules.states import ChallengeState
from portal.files.models import StoredFile
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.schema import BigId
from portal.people.models import Company, Person
from portal.people.rules.person import PersonState
from portal.recognition.queries.names import BEHIND, SHOWN_COMPANY, SHOWN_NAME
from portal.web.paging import AnySelect, Page, page_by

SIZE = 24
MOST_CHALLENGES = 200
MINE, HIDDEN = "mine", "hidden"
_NEWEST = [(GalleryItem.shown_at, True), (GalleryItem.id, True)]
_UNMARKED = (GalleryItem.taken_back_at.is_(None), GalleryItem.withdrawn_at.is_(None), GalleryItem.hidden_at.is_(None))
_OF_MEMBER = exists().where(Person.id == GalleryItem.person_id, Person.state == PersonState.ACTIVE)
_OF_FILE = exists().where(StoredFile.id == GalleryItem.file_id, StoredFile.erased_at.is_(None))
IS_SHOWN = (*_UNMARKED, _OF_MEMBER, _OF_FILE)
"""The conditions under which everybody sees an item: what ``rules.state_of`` calls shown, and its file is there."""
_ROWS: AnySelect = (
    select(GalleryItem, StoredFile, Challenge.title, SHOWN_NAME, SHOWN_COMPANY, BEHIND)
    .join(StoredFile, StoredFile.id == GalleryItem.file_id)
    .join(Challenge, Challenge.id == GalleryItem.challenge_id)
    .join(Person, Person.id == GalleryItem.person_id)
    .outerjoin(Company, Company.id == Person.company_id)
    .where(StoredFile.erased_at.is_(None))
)
_ANY = select(GalleryItem.id).where(*IS_SHOWN).limit(1)
_FILE_SHOWN = select(GalleryItem.id).where(GalleryItem.file_id == bindparam("file", type_=BigId), *IS_SHOWN).limit(1)
_CHALLENGES = (
    select(Challenge.id, Challenge.title)
    .where(exists().where(GalleryItem.challenge_id == Challenge.id, *IS_SHOWN))
    .order_by(Challenge.title, Challenge.id)
    .limit(MOST_CHALLENGES)
)


@dataclass(frozen=True)
class Wanted:
    """What somebody looks at: everything that is shown, ``mine``, or, for admins, what is ``hidden``; of one challenge if it is named."""

    show: str = ""
    challenge_id: int | None = None


def gallery_page(session: Session, person_id: int, wanted: Wanted, *, after: str | None) -> Page:
    """Return one page of rows, the newest first: ``GalleryItem``, ``StoredFile``, ``title``, and ``member``, ``company``, ``behind`` as on boards."""
    found = _ROWS
    if wanted.show == MINE:
        found = found.where(GalleryItem.person_id == person_id)
    elif wanted.show == HIDDEN:
        found = found.where(GalleryItem.hidden_at.is_not(None))
    else:
        found = found.where(*_UNMARKED, Person.state == PersonState.ACTIVE)
    if wanted.challenge_id is not None:
        found = found.where(GalleryItem.challenge_id == wanted.challenge_id)
    return page_by(session, found, _NEWEST, after=after, size=SIZE)


def get_item(session: Session, item_id: int) -> Any:
    """Return the row of one item, however it stands. Raises ``NotFound``."""
    found = session.execute(_ROWS.where(GalleryItem.id == item_id)).first()
    if found is None:
        raise NotFound()
    return found


def challenges_shown(session: Session) -> Sequence[Any]:
    """Return (id, title) of the challenges of which something is shown, at most 200, by title."""
    return session.execute(_CHALLENGES).all()


def has_own(session: Session, person_id: int) -> bool:
    """Tell whether anything of the person's was ever in the gallery."""
    return session.scalar(select(GalleryItem.id).where(GalleryItem.person_id == person_id).limit(1)) is not None


def is_anything_shown(session: Session) -> bool:
    """Tell whether there is anything to see."""
    return session.scalar(_ANY) is not None


def may_open_upload(session: Session, actor: Actor, file: StoredFile) -> bool:
    """Let everybody who is signed in open a file while the gallery shows it, and otherwise who may open it as proof."""
    shown = actor.id is not None and session.scalar(_FILE_SHOWN, {"file": file.id}) is not None
    return shown or may_open_proof(session, actor, file)


def seen_by(session: Session, person_id: int, challenge_ids: Collection[int], now: datetime) -> frozenset[int]:
    """Return which of these challenges an advocate may open: as ``challenge_page`` decides it for one."""
    if not challenge_ids:
        return frozenset()
    of_these = ChallengeAudience.challenge_id.in_(challenge_ids)
    stamped = select(Audience.id, Audience.stamp).join(ChallengeAudience, ChallengeAudience.audience_id == Audience.id).where(of_these)
    stamps: Stamps = session.execute(stamped).all()  # type: ignore[assignment]
    admits = admitted(session, person_id, stamps, now)
    took_part = exists().where(Submission.challenge_id == Challenge.id, Submission.person_id == person_id).label("took_part")
    facts = select(Challenge.id, Challenge.state, Challenge.is_record_only, ChallengeAudience.audience_id, took_part)
    found = session.execute(facts.outerjoin(ChallengeAudience, ChallengeAudience.challenge_id == Challenge.id).where(Challenge.id.in_(challenge_ids)))
    return frozenset(row.id for row in found if row.state != ChallengeState.DRAFT and (row.took_part or _is_open(row, admits)))


def _is_open(row: Any, admits: Collection[int]) -> bool:
    is_offered = row.state != ChallengeState.ARCHIVED and not row.is_record_only
    return is_offered and (row.audience_id is None or row.audience_id in admits)
