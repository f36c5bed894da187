"""What follows when an act is recorded or taken back: boards of its track, the week it counts in, badges. Handed to acts in ``app.py``."""

from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from portal.acts.rules.acts import UNREWARDED, ActNews
from portal.kernel.actor import Actor
from portal.recognition.actions.holdings import follow_badges
from portal.recognition.actions.scores import count, take_back
from portal.recognition.badges.contract import ACTS, CHALLENGES, WEEKS
from portal.recognition.models import ActWeek
from portal.recognition.queries.weeks import last_week, zone_of
from portal.recognition.rules.streaks import week_counted

_INSERT_WEEK = insert(ActWeek.__table__)  # type: ignore[arg-type]


def act_heard(session: Session, actor: Actor, news: ActNews, now: datetime) -> None:
    """Let score, streak and badges follow an act, in the transaction in which it was recorded or taken back.

    Nothing follows one that may not be rewarded.
    """
    if news.kind == UNREWARDED:
        return
    if news.change > 0:
        count(session, news.person_id, news.change, news.happened_at, track=news.track)
    elif news.change:
        take_back(session, news.person_id, -news.change, news.happened_at, track=news.track)
    if news.change:
        return
    if news.is_live:
        if news.points:
            count(session, news.person_id, news.points, news.happened_at, track=news.track)
        zone = zone_of(session, news.person_id)
        week = week_counted(news.happened_at, zone, last_week(session, news.person_id, news.happened_at))
        session.connection().execute(_INSERT_WEEK, {"act_id": news.act_id, "week": week, "zone": zone})
    elif news.points:
        take_back(session, news.person_id, news.points, news.happened_at, track=news.track)
    follow_badges(session, actor, person_id=news.person_id, at=news.happened_at, now=now, because=(ACTS, CHALLENGES, WEEKS), is_back=not news.is_live)
