"""Seasons: begun and moved by admins, closed by the worker with a standing that is kept."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, literal, select, update
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.db import programme_zone, take_turn
from portal.kernel.errors import NotAllowed
from portal.kernel.seen import require_seen
from portal.kernel.text import clean_line
from portal.notifications.actions import enqueue, notify
from portal.people.models import Person
from portal.people.queries.persons import recipients
from portal.recognition.actions.celebrations import celebrate
from portal.recognition.actions.recounting import RECOUNT
from portal.recognition.models import Fence, FenceBuild, PeriodScore, Season, SeasonStanding
from portal.recognition.queries.names import LISTED
from portal.recognition.queries.seasons import get_season
from portal.recognition.rules.badges import Cause
from portal.recognition.rules.seasons import (
    MOST_AT_ONCE,
    NAME_LENGTH,
    TOLD_PLACES,
    SeasonClosed,
    TooManySeasons,
    most_beside,
    require_season,
    season_key,
)

TURN = "recognition:seasons"
_STANDING: Any = SeasonStanding.__table__


def add_season(session: Session, actor: Actor, *, name: str, starts_on: date, ends_on: date, now: datetime, key: str | None = None) -> Season:
    """Begin a season, now or later. What was earned since its first day counts too: the worker adds it. The same form ``key`` twice gives the first.

    Refuses anybody but admins, what ``require_season`` refuses, and more than three at once.
    """
    if not actor.is_admin:
        raise NotAllowed()
    take_turn(session, TURN)
    if key and (made := session.scalar(select(Season).where(Season.made_by == key))) is not None:
        return made
    name = clean_line(name)[:NAME_LENGTH]
    require_season(name, starts_on, ends_on, local_date(now, programme_zone(session)))
    _require_room(session, starts_on, ends_on)
    season = Season(name=name, starts_on=starts_on, ends_on=ends_on, made_by=key, created_at=now)
    session.add(season)
    session.flush()
    record(session, actor, "season.added", "season", season.id, now=now)
    _recount(session, season, now)
    return season


def edit_season(
    session: Session, actor: Actor, *, season_id: int, name: str, starts_on: date, ends_on: date, now: datetime, seen: str | None = None
) -> Season:
    """Rename or move a season that is not closed; with other days its board is counted anew.

    Refuses a closed one (``SeasonClosed``), what ``add_season`` refuses, and what changed since it was ``seen`` (``ChangedMeanwhile``).
    """
    if not actor.is_admin:
        raise NotAllowed()
    take_turn(session, TURN)
    season = get_season(session, season_id)
    session.refresh(season, with_for_update=True)
    if season.closed_at is not None:
        raise SeasonClosed()
    name = clean_line(name)[:NAME_LENGTH]
    require_season(name, starts_on, ends_on, local_date(now, programme_zone(session)))
    if (season.name, season.starts_on, season.ends_on) != (name, starts_on, ends_on):
        require_seen(seen_values(season), seen)
    is_moved = (season.starts_on, season.ends_on) != (starts_on, ends_on)
    if is_moved:
        _require_room(session, starts_on, ends_on, season_id)
    season.name, season.starts_on, season.ends_on = name, starts_on, ends_on
    session.flush()
    record(session, actor, "season.edited", "season", season.id, now=now)
    if is_moved:
        _recount(session, season, now)
    return season


def seen_values(season: Season) -> dict[str, Any]:
    """Return what the editor shows of a season."""
    return {"name": season.name, "starts_on": season.starts_on, "ends_on": season.ends_on}


def close_season(session: Session, actor: Actor, *, season_id: int, now: datetime) -> bool:
    """Close a season that is over: keep where everybody stands, tell the first ten, and clear its boards. Tells whether it was done now.

    Run twice, or by two workers at once, it is done once: a guarded UPDATE decides. A season that is
    not over yet stays open.
    """
    over = update(Season).where(Season.id == season_id, Season.closed_at.is_(None), Season.ends_on < local_date(now, programme_zone(session)))
    if not session.execute(over.values(closed_at=now)).rowcount:  # type: ignore[attr-defined]
        return False
    season, board = get_season(session, season_id), season_key(season_id)
    _keep_standing(session, season_id, board)
    places = session.execute(select(_STANDING).where(_STANDING.c.season_id == season_id, _STANDING.c.position <= TOLD_PLACES)).all()
    told = recipients(session, [row.person_id for row in places])
    for row in sorted(places, key=lambda row: row.position):
        celebrate(session, person_id=row.person_id, cause=Cause.SEASON, subject_id=season_id, is_silent=False, now=now)
        data = {"season": season.name, "place": row.place, "points": row.points}
        link = f"/board/seasons/{season_id}"
        notify(session, to=told[row.person_id], kind="season_result", data=data, key=f"season:{season_id}", link=link, now=now)
    record(session, actor, "season.closed", "season", season_id, now=now, members=count_kept(session, season_id))
    # Last of all: it takes the row of every company that stood there, and awards to their people wait for it.
    _clear(session, board)
    return True


def count_kept(session: Session, season_id: int) -> int:
    """Return how many lines the standing has."""
    return session.scalar(select(func.count()).select_from(_STANDING).where(_STANDING.c.season_id == season_id)) or 0


def _keep_standing(session: Session, season_id: int, board: str) -> None:
    """Copy the board into the standing, in its order; who is listed is asked once more of the people themselves."""
    order = (PeriodScore.score.desc(), PeriodScore.first_neg.desc(), PeriodScore.member_id.desc())
    lines = (
        select(
            literal(season_id),
            PeriodScore.member_id,
            func.row_number().over(order_by=order),
            func.rank().over(order_by=PeriodScore.score.desc()),
            PeriodScore.score,
        )
        .join(Person, Person.id == PeriodScore.member_id)
        .where(PeriodScore.period == board, PeriodScore.score > 0, LISTED)
    )
    session.execute(insert(_STANDING).from_select(["season_id", "person_id", "position", "place", "points"], lines))


def _clear(session: Session, board: str) -> None:
    for model in (PeriodScore, Fence, FenceBuild):
        session.execute(delete(model).where((model.period == board) | model.period.like(f"{board}/%")))


def _recount(session: Session, season: Season, now: datetime) -> None:
    """Let the worker count what was earned on the season's days before it was there."""
    if season.starts_on <= local_date(now, programme_zone(session)):
        key = f"{RECOUNT}:season:{season.id}:{now.isoformat()}"
        enqueue(session, topic=RECOUNT, payload={"boards": season_key(season.id)}, key=key, now=now)


def _require_room(session: Session, starts_on: date, ends_on: date, season_id: int | None = None) -> None:
    """Every award counts in each season that runs, so three on one day are the most."""
    others = select(Season.starts_on, Season.ends_on).where(Season.closed_at.is_(None), Season.starts_on <= ends_on, Season.ends_on >= starts_on)
    if season_id is not None:
        others = others.where(Season.id != season_id)
    if most_beside(starts_on, ends_on, [(row.starts_on, row.ends_on) for row in session.execute(others)]) >= MOST_AT_ONCE:
        raise TooManySeasons(most=MOST_AT_ONCE)
