"""Undoing a decline of new points for past completions within the minute; an approval is being paid already."""

from collections import Counter

import pytest
from sqlalchemy.orm import Session

from portal.challenges.actions.recalling import undo_decline
from portal.challenges.actions.repricing import approve_repricing, decline_repricing, undo_repricing
from portal.challenges.models.repricing import Repricing
from portal.challenges.rules.repricing import KIND, RepricingRuns, RepricingState
from portal.kernel.clock import utcnow
from portal.kernel.db import Database
from portal.review.actions.terms import set_terms
from portal.review.rules.refusals import NothingToUndo, NotYourVerdict
from portal.review.rules.terms import Terms
from tests.challenges.past import Past, finish
from tests.rewards.racing import all_at_once
from tests.support.undoing import last_decision, open_mails


def _asked(session: Session) -> tuple[Past, Repricing]:
    past = Past(session)
    set_terms(session, past.ben, terms=Terms(four_eyes_above=99), now=utcnow())
    return past, past.ask(session)


def test_a_decline_undone_waits_for_a_second_admin_as_before(session: Session) -> None:
    past, made = _asked(session)
    decline_repricing(session, past.ben, repricing_id=made.id, reason="Not this year", now=utcnow())
    decision = last_decision(session, KIND)
    with pytest.raises(NotYourVerdict):
        undo_decline(session, past.boss, decision_id=decision, now=utcnow())
    undo_decline(session, past.ben, decision_id=decision, now=utcnow())
    assert (made.state, made.words, made.decided_by_id, made.settled_at) == (RepricingState.WAITING, "", None, None)
    assert open_mails(session, "repricing_declined") == open_mails(session, "repricing_recalled") == []
    with pytest.raises(NothingToUndo):
        undo_decline(session, past.ben, decision_id=decision, now=utcnow())
    approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    with pytest.raises(RepricingRuns):
        undo_decline(session, past.ben, decision_id=last_decision(session, KIND), now=utcnow())


def test_a_new_one_asked_for_since_lets_the_decline_stand(session: Session) -> None:
    past, made = _asked(session)
    decline_repricing(session, past.ben, repricing_id=made.id, reason="Not this year", now=utcnow())
    past.ask(session, key="two")
    with pytest.raises(NothingToUndo):
        undo_decline(session, past.ben, decision_id=last_decision(session, KIND), now=utcnow())


def test_a_declined_undoing_waits_again_too(session: Session) -> None:
    past, made = _asked(session)
    approve_repricing(session, past.ben, repricing_id=made.id, now=utcnow())
    finish(session, made)
    undo_repricing(session, past.boss, repricing_id=made.id, reason="Wrong price", now=utcnow())
    asked = (made.state, made.words, made.undone_by_id, made.undo_asked_at)
    decline_repricing(session, past.ben, repricing_id=made.id, reason="It is right", now=utcnow())
    assert made.state == RepricingState.DONE
    undo_decline(session, past.ben, decision_id=last_decision(session, KIND), now=utcnow())
    assert (made.state, made.words, made.undone_by_id, made.undo_asked_at) == asked


def test_eight_undoes_at_once_are_one(database: Database) -> None:
    past, made = database.write(_asked)
    database.write(lambda s: decline_repricing(s, past.ben, repricing_id=made.id, reason="No", now=utcnow()))
    decision = database.write(lambda s: last_decision(s, KIND))
    works = [lambda s: undo_decline(s, past.ben, decision_id=decision, now=utcnow())] * 8
    assert all_at_once(database, works) == Counter({"done": 1, "AlreadyUndone": 7})
