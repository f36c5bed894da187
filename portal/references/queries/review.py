"""What waits for an admin, and all that is needed to decide on one nomination."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from portal.files.models import StoredFile
from portal.kernel.actor import Actor
from portal.kernel.errors import NotFound
from portal.kernel.schema import BigId
from portal.kernel.text import fold, like_pattern
from portal.people.models import Company, Person
from portal.people.queries.companies import find_company_by_name, search_companies
from portal.people.queries.persons import find_person_by_email
from portal.people.rules.person import PersonState
from portal.profiles.rules.activity import Activity
from portal.references.models.nominating import Nomination, NominationDetail
from portal.references.models.terms import NominationRule
from portal.references.queries.comments import Said, comments_on
from portal.references.queries.duplicates import said_no
from portal.references.queries.nominations import activities_of, may_see_nominee
from portal.references.rules.nominating import are_twins, domain_of, twin_key
from portal.references.rules.states import STANDS, State
from portal.web.paging import AnySelect

KIND = "nomination"
SIMILAR, LOOKED_AT = 8, 200
_decider, _colleague, _owner = aliased(Person), aliased(Person), aliased(Person)
_THING: Any = bindparam("thing", type_=BigId)
# Built once: what every look at the queue asks of the nomination beside it.
_DECIDED = (
    select(Nomination, _decider.name.label("decided_by"), NominationRule.name.label("rule"))
    .outerjoin(_decider, _decider.id == Nomination.decided_by_id)
    .outerjoin(NominationRule, NominationRule.id == Nomination.rule_id)
    .where(Nomination.id == _THING)
)
_VOICES = (
    select(
        Nomination.id,
        Nomination.nominator_id,
        Nomination.colleague_id,
        Person.name,
        _colleague.name.label("colleague"),
        Nomination.why,
        Nomination.created_at,
        NominationDetail,
        StoredFile.filename,
        _owner.name.label("owner"),
    )
    .join(Person, Person.id == Nomination.nominator_id)
    .outerjoin(_colleague, _colleague.id == Nomination.colleague_id)
    .outerjoin(NominationDetail, NominationDetail.nomination_id == Nomination.id)
    .outerjoin(StoredFile, StoredFile.id == NominationDetail.evidence_id)
    .outerjoin(_owner, _owner.id == NominationDetail.owner_id)
    .where(or_(Nomination.id == _THING, Nomination.duplicate_of_id == _THING))
    .order_by((Nomination.id == _THING).desc(), Nomination.id)
)
_OTHERS = (
    select(Nomination, Person.name)
    .join(Person, Person.id == Nomination.nominator_id)
    .where(Nomination.id != _THING, Nomination.state.in_(bindparam("states", expanding=True)))
    .order_by(Nomination.id.desc())
)
_SAME_ADDRESS = _OTHERS.where(Nomination.email_key == bindparam("email_key")).limit(SIMILAR)
_AT_COMPANY = or_(Nomination.company_id == bindparam("company_id", type_=BigId), func.lower(Nomination.company_name) == bindparam("company"))
# Somebody of the same name, or of the same company with the same last name and first initial, which ``rules.nominating.are_twins`` confirms.
_MAY_BE = _OTHERS.where(
    or_(
        Nomination.name_key == bindparam("name_key"),
        and_(_AT_COMPANY, Nomination.name_key.like(bindparam("ends"))),
    )
).limit(LOOKED_AT)


@dataclass(frozen=True)
class Voice:
    """One employee who nominated this person, with what they added; ``colleague`` is in whose name, who is credited."""

    nominator_id: int
    nominator: str
    why: str
    activities: list[Activity]
    at: datetime
    colleague_id: int | None = None
    colleague: str | None = None
    detail: NominationDetail | None = None
    evidence: str | None = None
    owner: str | None = None


@dataclass(frozen=True)
class Earlier:
    """Another nomination: of the same person, decided before, or of somebody who may be the same."""

    id: int
    name: str
    company: str
    domain: str
    nominator: str
    state: State
    reason: str
    at: datetime
    answer_code: str = ""
    answer: str = ""
    is_same_address: bool = False


@dataclass(frozen=True)
class ForReview:
    """A nomination with what helps to decide on it. ``company`` is the known one; ``similar`` those that its name may mean."""

    id: int
    state: State
    name: str
    title: str
    domain: str
    company_name: str
    company: Company | None
    similar: list[Company]
    person: Person | None
    voices: list[Voice]
    declined_before: list[Earlier]
    maybe_same: list[Earlier]
    decided_at: datetime | None
    decided_by: str | None
    reason: str
    first_id: int | None
    review_began_at: datetime | None
    late_at: datetime | None
    rule: str | None
    code: str
    answer_code: str
    answer: str
    comments: list[Said]
    may_reach: bool
    """Whether the reader may press *Show contact details*."""

    @property
    def nominator_id(self) -> int:
        return self.voices[0].nominator_id

    @property
    def waits(self) -> bool:
        return self.state is State.SUBMITTED


def waiting_nominations() -> AnySelect:
    """Return the select of what waits: kind, id, waiting_since, person (the nominator), company and title (the nominee), for the queue to page."""
    return (
        select(
            literal(KIND).label("kind"),
            Nomination.id.label("id"),
            Nomination.created_at.label("waiting_since"),
            Nomination.nominator_id.label("person_id"),
            Person.name.label("person"),
            Nomination.company_name.label("company"),
            Nomination.name.label("title"),
        )
        .join(Person, Person.id == Nomination.nominator_id)
        .where(Nomination.state == State.SUBMITTED)
    )


def nomination_for_review(session: Session, actor: Actor, nomination_id: int) -> ForReview:
    """Return all that ``actor`` needs to decide; ``NotFound`` where there is no such nomination."""
    row = session.execute(_DECIDED, {"thing": nomination_id}).one_or_none()
    if row is None:
        raise NotFound()
    nomination, decided_by, rule = row
    known = session.get(Company, nomination.company_id) if nomination.company_id else find_company_by_name(session, nomination.company_name)
    return ForReview(
        id=nomination.id,
        state=State(nomination.state),
        name=nomination.name,
        title=nomination.title,
        domain=domain_of(nomination.email),
        company_name=nomination.company_name,
        company=known,
        similar=[] if known else _similar(session, nomination.company_name),
        person=find_person_by_email(session, nomination.email),
        voices=voices(session, nomination.id),
        declined_before=_before(session, nomination),
        maybe_same=_maybe_same(session, nomination),
        decided_at=nomination.decided_at,
        decided_by=decided_by,
        reason=nomination.reason,
        first_id=nomination.duplicate_of_id,
        review_began_at=nomination.review_began_at,
        late_at=nomination.late_at,
        rule=rule,
        code=nomination.code,
        answer_code=nomination.answer_code,
        answer=nomination.answer,
        comments=comments_on(session, nomination.id),
        may_reach=may_see_nominee(session, actor, nomination.id),
    )


def is_doubtful(session: Session, nomination: Nomination) -> bool:
    """Tell whether somebody has to look: this address was turned down before or its owner said no or nothing, or somebody who may be the
    same stands, said no, or takes part already.
    """
    before = (State.NOT_APPROVED, State.CUSTOMER_DECLINED, State.NO_ANSWER)
    if _others(session, nomination, _SAME_ADDRESS, *before) or said_no(session, nomination.email_key):
        return True
    return bool(_maybe_same(session, nomination, *STANDS, State.CUSTOMER_DECLINED)) or _is_twin_of_member(session, nomination)


def voices(session: Session, nomination_id: int) -> list[Voice]:
    """Return everybody who nominated this person under this nomination, the first one first."""
    rows = session.execute(_VOICES, {"thing": nomination_id}).all()
    might = activities_of(session, [row.id for row in rows])
    return [
        Voice(
            row.nominator_id, row.name, row.why, might.get(row.id, []), row.created_at,
            row.colleague_id, row.colleague, row.NominationDetail, row.filename, row.owner,
        )
        for row in rows
    ]  # fmt: skip


def _similar(session: Session, name: str) -> list[Company]:
    """Return companies that share the first word of ``name``."""
    return search_companies(session, (name.split() or [""])[0])


def _is_twin_of_member(session: Session, nomination: Nomination) -> bool:
    """Tell whether somebody of that name and company takes part under another address."""
    _company, last, _first = twin_key(nomination.company_name, nomination.name)
    company = find_company_by_name(session, nomination.company_name)
    if company is None:
        return False
    here = (Person.company_id == company.id, Person.state == PersonState.ACTIVE, Person.email_key != nomination.email_key)
    people = select(Person.name).where(*here, Person.name_key.like(like_pattern(last), escape="\\"))
    return any(are_twins((company.name, nomination.name), (company.name, name)) for name in session.scalars(people.limit(200)))


def _maybe_same(session: Session, nomination: Nomination, *states: State) -> list[Earlier]:
    own = (nomination.company_name, nomination.name)
    found = _others(session, nomination, _MAY_BE, *(states or STANDS))
    twins = [other for other in found if are_twins(own, (other.company, other.name)) or fold(other.name) == nomination.name_key]
    return twins[:SIMILAR]


def _before(session: Session, nomination: Nomination) -> list[Earlier]:
    """Return what came of earlier nominations: of this address whatever it was, of somebody who may be the same only that they said no."""
    same = _others(session, nomination, _SAME_ADDRESS, State.NOT_APPROVED, State.CUSTOMER_DECLINED, State.NO_ANSWER)
    return same + [twin for twin in _maybe_same(session, nomination, State.CUSTOMER_DECLINED) if twin.id not in {one.id for one in same}]


def _others(session: Session, nomination: Nomination, found: AnySelect, *states: State) -> list[Earlier]:
    _company, last, first = twin_key(nomination.company_name, nomination.name)
    ends = f"{first}% {last}" if first else last
    company = {"company": nomination.company_name.lower(), "company_id": nomination.company_id}
    own = {"email_key": nomination.email_key, "name_key": nomination.name_key, "ends": ends} | company
    return [
        Earlier(
            other.id,
            other.name,
            other.company_name,
            domain_of(other.email),
            nominator,
            State(other.state),
            other.reason,
            other.created_at,
            other.answer_code,
            other.answer,
            other.email_key == nomination.email_key,
        )
        for other, nominator in session.execute(found, {"thing": nomination.id, "states": states, **own})
    ]
