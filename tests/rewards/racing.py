"""Many at once: threads over one database, and whole processes that press the button of the real page."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from config import Settings
from portal.kernel.db import TRIES as ENGINE_TRIES
from portal.kernel.db import Database
from portal.kernel.errors import Refusal
from tests.support.prepared import prepared, remember_templates

PROCESSES, TRIES = 8, 20
LIMIT_SECONDS = 300


def all_at_once(database: Database, works: list[Callable[[Session], Any]], *, tries: int = ENGINE_TRIES) -> Counter[str]:
    """Run each of ``works`` in its own thread and unit of work, started together; count "done" and refusals by name.

    With one of ``tries`` what the database stopped is not run again: it counts as "Busy". On a loaded machine so many wait for one row longer
    than the portal lets anybody wait; here they may.
    """
    start = threading.Barrier(len(works))

    def patiently(work: Callable[[Session], Any], session: Session) -> Any:
        if not database.is_sqlite:
            session.execute(text("SELECT set_config('lock_timeout', '60s', true), set_config('statement_timeout', '90s', true)"))
        return work(session)

    def run(work: Callable[[Session], Any]) -> str:
        start.wait()
        try:
            database.write(partial(patiently, work), tries=tries)
        except Refusal as refusal:
            return refusal.name
        return "done"

    with ThreadPoolExecutor(len(works)) as pool:
        return Counter(pool.map(run, works))


def one_during_another(database: Database, first: Callable[[Session], Any], second: Callable[[], Any]) -> list[Any]:
    """Begin ``second`` when ``first`` is done but not committed, and commit once ``second`` waits for it or is over. Return both results.

    A refusal counts as its name. On SQLite ``second`` waits at its beginning.
    """
    results: list[Any] = [None, None]

    def run() -> None:
        try:
            results[1] = second()
        except Refusal as refusal:
            results[1] = refusal.name

    other = threading.Thread(target=run)
    waits = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")

    def work(session: Session) -> Any:
        done = first(session)
        session.flush()
        other.start()
        while not database.is_sqlite and other.is_alive() and not session.scalar(waits):
            session.execute(text("SELECT pg_stat_clear_snapshot()"))
        return done

    results[0] = database.write(work, tries=1)
    other.join()
    return results


def client_of(app: Any, token: str) -> Any:
    """Return a browser in which the session ``token`` is signed in."""
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["_user_id"] = token
    return client


def application(settings: dict[str, Any]) -> Any:
    """Return the portal, in a process of its own, which finds the templates that another of them compiled."""
    settings = dict(settings)
    remember_templates(settings.pop("templates"))
    from portal.app import create_app
    from tests.support.application import PortalClient

    app = create_app(Settings(_env_file=None, **settings))
    app.test_client_class = PortalClient
    return app


def press(settings: dict[str, Any], tokens: list[str], address: str, price: int, tries: int, start: Any, answers: Any) -> None:
    """Press "Redeem" again and again, one round for each session; report what the answers were. Runs in a process of its own."""
    from portal.kernel.ids import new_key

    app = application(settings)
    for token in tokens:
        client = client_of(app, token)
        start.wait(LIMIT_SECONDS)
        found: Counter[str] = Counter()
        for _ in range(tries):
            answer = client.post(address, data={"key": new_key(), "shown_price": price, "wish": ""})
            is_refusal = answer.status_code == 422 and f"this costs {price}." in answer.text
            found["refused" if is_refusal else str(answer.status_code)] += 1
        answers.put((token, found))


def press_in_processes(settings: dict[str, Any], tokens: list[str], address: str, price: int, tries: int = TRIES) -> dict[str, Counter[str]]:
    """Let eight processes press at once, and return the answers by session."""
    context = prepared()
    start, answers = context.Barrier(PROCESSES), context.Queue()
    given = (settings, tokens, address, price, tries, start, answers)
    workers = [context.Process(target=press, args=given, daemon=True) for _ in range(PROCESSES)]
    for worker in workers:
        worker.start()
    totals: dict[str, Counter[str]] = {token: Counter() for token in tokens}
    for _ in range(PROCESSES * len(tokens)):
        token, found = answers.get(timeout=LIMIT_SECONDS)
        totals[token] += found
    for worker in workers:
        worker.join(LIMIT_SECONDS)
    answers.close()
    answers.join_thread()
    return totals


def follow(settings: dict[str, Any], token: str, posts: list[tuple[str, dict[str, str]]], start: Any, answers: Any) -> None:
    """Send one form a round, each when all others are ready for it; report the status of each. Runs in a process of its own."""
    client = client_of(application(settings), token)
    found: list[int] = []
    for address, data in posts:
        start.wait(LIMIT_SECONDS)
        found.append(client.post(address, data=data).status_code)
    answers.put((token, found))


def follow_in_processes(settings: dict[str, Any], plans: list[tuple[str, list[tuple[str, dict[str, str]]]]]) -> list[tuple[str, list[int]]]:
    """Let each of ``plans`` (a session, and a form for each round) run in its process, and return each session's answers, round by round."""
    context = prepared()
    start, answers = context.Barrier(len(plans)), context.Queue()
    workers = [context.Process(target=follow, args=(settings, *plan, start, answers), daemon=True) for plan in plans]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=LIMIT_SECONDS) for _ in plans]
    for worker in workers:
        worker.join(LIMIT_SECONDS)
    answers.close()
    answers.join_thread()
    return found
