"""How somebody wants to stand on boards: by name, under a nickname, or not at all."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.audit.actions import record
from portal.kernel.actor import Actor
from portal.kernel.db import violated
from portal.kernel.text import clean_line, fold
from portal.people.actions.changes import announce
from portal.people.actions.welcome import keep_profile
from portal.people.models import Person
from portal.people.queries.persons import get_person
from portal.people.rules.person import NICKNAME_LENGTH, NicknameIsAName, NicknameTaken


def choose_board(session: Session, actor: Actor, *, person_id: int, is_listed: bool, nickname: str, now: datetime) -> bool:
    """Stand on boards or on none, under a nickname if one is given; holds at once and everywhere. Tells whether anything differed.

    Points, level and badges stay as they are. What the nickname is stands in no log. Refuses as a
    nickname the name of somebody else (``NicknameIsAName``) and what somebody else stands under (``NicknameTaken``),
    case and accents aside.
    """
    person = get_person(session, person_id)
    if actor.id == person_id:
        keep_profile(session, person_id, now)
    board_name, was_listed = clean_line(nickname)[:NICKNAME_LENGTH] or None, person.left_board_at is None
    if (board_name, is_listed) == (person.board_name, was_listed):
        return False
    key = None if board_name is None else fold(board_name)
    if key is not None and session.scalar(select(Person.id).where(Person.name_key == key, Person.id != person_id).limit(1)):
        raise NicknameIsAName(nickname=board_name)
    left_at = None if is_listed else (person.left_board_at or now)
    chosen = {"board_name": board_name, "board_name_key": key, "left_board_at": left_at}
    try:
        with session.begin_nested():
            session.execute(update(Person).where(Person.id == person_id).values(**chosen))
    except IntegrityError as error:
        if violated(error, "person", "board_name_key", name="ix_person_board_name_key"):
            raise NicknameTaken(nickname=board_name) from error
        raise
    session.refresh(person)
    announce(session, person_id)
    record(session, actor, "person.board_chosen", "person", person_id, now=now, is_listed=is_listed, is_nicknamed=board_name is not None)
    return True
