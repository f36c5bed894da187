"""What the worker does with gift cards: it orders them, looks after orders in doubt, asks for the balance, forgets imports that nobody confirmed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from portal.kernel.clock import local_date
from portal.kernel.db import Database, programme_zone
from portal.kernel.failures import Failures
from portal.notifications.jobs import Handler
from portal.rewards.actions import settling
from portal.rewards.actions.codes import lapse_codes as take_lapsed
from portal.rewards.actions.ordering import ORDER
from portal.rewards.actions.settling import Asking
from portal.rewards.providers.contract import InDoubt, Made, NotMade, NotNow, Provider
from portal.rewards.rules.cards import Why, reward_on
from portal.vault.actions.stocking import drop_stale
from portal.vault.queries import lapsing_on

BALANCE_SECONDS, STALE_SECONDS, LAPSE_SECONDS = 1800.0, 3600.0, 600.0


def handlers(provider: Provider | None) -> dict[str, Handler]:
    """Return the job that orders cards at the provider, if there is one."""

    def order_card(database: Database, payload: dict[str, Any], now: datetime) -> None:
        about = {name: payload[name] for name in ("order", "tries", "is_watch")}
        asking = database.write(partial(settling.begin_asking, **about, now=now))
        if asking is not None:
            database.write(_answer(provider, asking, now))

    return {ORDER: order_card}


def _answer(provider: Provider | None, asking: Asking, now: datetime) -> Callable[[Any], None]:
    """Ask the provider, and return what is to be written of it.

    What was in doubt stays so until there is a card, or the provider says of this order that it gave it up: it may still be at work on what it
    does not find yet, so that a refusal of the same order is no proof that nothing was made.
    """
    about: dict[str, Any] = {"order": asking.id, "tries": asking.tries, "now": now}
    is_doubted = asking.is_doubted
    if provider is None:
        return partial(settling.settle_open, is_doubted=is_doubted, why=Why.UNSET, **about)
    try:
        made: Made | None = provider.find(asking.order_id) if is_doubted else None
    except NotMade:
        return partial(settling.settle_refused, **about)
    except NotNow as no:
        return partial(settling.settle_open, is_doubted=True, why=no.why, **about)
    except InDoubt as doubt:
        return partial(settling.settle_open, is_doubted=True, why=doubt.why, **about)
    if made is None and not asking.may_order:
        return partial(settling.settle_open, is_doubted=False, why=Why.STOPPED, **about)
    try:
        made = made or provider.order(asking.order_id, asking.wanted)
    except NotMade:
        if is_doubted:
            return partial(settling.settle_open, is_doubted=True, why=Why.UNSURE, **about)
        return partial(settling.settle_refused, **about)
    except NotNow as no:
        return partial(settling.settle_open, is_doubted=is_doubted, why=no.why, **about)
    except InDoubt as doubt:
        return partial(settling.settle_open, is_doubted=True, why=doubt.why, **about)
    return partial(settling.settle_made, card=made.card, reference=made.reference, **about)


def balance_keeper(provider: Provider | None) -> Callable[[Database, datetime], object]:
    """Return what asks the provider for its balance."""

    def keep_balance(database: Database, now: datetime) -> None:
        if provider is None:
            return
        try:
            found = provider.balance()
            write = partial(settling.note_balance, cents=found.cents, currency=found.currency, now=now)
        except (NotNow, InDoubt):
            write = partial(settling.note_balance, cents=None, currency="", now=now)
        database.write(write)

    return keep_balance


def lapse_codes(database: Database, now: datetime) -> int:
    """Take codes whose last day has gone by off their shelves, each shelf in one transaction; returns how many codes.

    One shelf that fails stops no other. May run twice and late: a code whose day has gone by is not given out meanwhile either.
    """
    with database.reading() as session:
        due = lapsing_on(session, local_date(now, programme_zone(session)) - timedelta(days=1))
    rewards = [reward_id for shelf in due if (reward_id := reward_on(shelf)) is not None]
    lapsed, failed = 0, Failures()
    for reward_id in rewards:
        with failed.noted():
            lapsed += database.write(partial(take_lapsed, reward_id=reward_id, now=now))
    failed.tell()
    return lapsed


def forget_unconfirmed(database: Database, now: datetime) -> int:
    """Take out imports of codes that nobody confirmed for a day; returns how many."""
    return database.write(partial(drop_stale, now=now))
