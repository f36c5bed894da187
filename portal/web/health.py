"""Is the process alive, and is it ready for people?"""

import shutil
from collections.abc import Callable

from flask import Blueprint, current_app
from sqlalchemy import text

from portal.kernel import migrate
from portal.web.guards import public
from portal.web.logs import log
from portal.web.transaction import database

bp = Blueprint("health", __name__)
Check = Callable[[], bool]
FREE_SHARE = 0.05


@bp.get("/healthz")
@public
def healthz() -> tuple[str, int]:
    """Alive. Touches nothing."""
    return "ok\n", 200


@bp.get("/readyz")
@public
def readyz() -> tuple[dict[str, str], int]:
    """Ready: the database takes writes at the right revision, the disk has room, what rooms contributed holds. Names no internals."""
    checks: dict[str, Check] = {"database": _database_writes, "disk": _disk_has_room, **current_app.extensions.get("readiness", {})}
    results = {name: _holds(name, check) for name, check in checks.items()}
    ready = all(results.values())
    return {name: "ok" if good else "failing" for name, good in results.items()}, 200 if ready else 503


def _holds(name: str, check: Check) -> bool:
    try:
        return check()
    except Exception as error:
        log.error("not ready", check=name, exc_info=error)
        return False


def _database_writes() -> bool:
    def work(session):  # type: ignore[no-untyped-def]
        return session.execute(text("UPDATE alembic_version SET version_num = version_num RETURNING version_num")).scalar()

    return bool(database().write(work) == migrate.head())


def _disk_has_room() -> bool:
    usage = shutil.disk_usage(current_app.config["SETTINGS"].data)
    return usage.free / usage.total > FREE_SHARE
