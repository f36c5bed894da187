"""Structured logs: one JSON line an event, each with the id of its request."""

import logging
import re
import secrets
import sys
import time

import structlog
from flask import Flask, Response, g, has_request_context, request

GIVEN = re.compile(r"[A-Za-z0-9-]{8,64}")
log = structlog.get_logger("portal")


def request_id() -> str:
    """Return the id of the current request, or "" outside one."""
    return g.get("request_id", "") if has_request_context() else ""


def configure(level: str) -> None:
    """Send structured lines to standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def init(app: Flask, level: str) -> None:
    """Give each request an id, log it when it is answered."""
    configure(level)

    @app.before_request
    def start() -> None:
        given = request.headers.get("X-Request-ID", "")
        g.request_id = given if GIVEN.fullmatch(given) else secrets.token_hex(8)
        g.started = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def finish(response: Response) -> Response:
        response.headers["X-Request-ID"] = request_id()
        if request.endpoint not in ("static", "health.healthz"):
            elapsed = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
            log.info("request", method=request.method, path=request.path, status=response.status_code, ms=elapsed)
        return response
