"""What guards every request and answer: CSRF, same origin, hosts, headers."""

from urllib.parse import urlsplit

from flask import Flask, Response, abort, request
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Settings

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; media-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
csrf = CSRFProtect()


def _same_origin(settings: Settings) -> None:
    """Refuse an unsafe request that a browser says comes from another site. A client that says nothing must still hold the token."""
    if request.method not in UNSAFE:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        abort(403)
    origin = request.headers.get("Origin")
    if origin is not None:
        # With the scheme: what a stranger in the network puts into a page over http is not ours.
        ours = urlsplit(settings.base_url)
        if origin not in (f"{ours.scheme}://{ours.netloc}", f"{ours.scheme}://{request.host}"):
            abort(403)


def init(app: Flask, settings: Settings) -> None:
    """Switch the guards on."""
    prefix = "__Host-" if settings.is_https else ""
    hosts = [urlsplit(settings.base_url).hostname or "localhost", *[h.strip() for h in settings.trusted_hosts.split(",") if h.strip()]]
    # This machine itself may always ask: the health check of a container does. Links in mail never follow the host of a request.
    hosts += ["127.0.0.1", "localhost", "[::1]"]
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SECRET_KEY_FALLBACKS=settings.earlier_secrets,
        SESSION_COOKIE_NAME=f"{prefix}laurel",
        SESSION_COOKIE_SECURE=settings.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        TRUSTED_HOSTS=hosts,
        MAX_CONTENT_LENGTH=settings.upload_limit_mb * 1_000_000 + 200_000,
        MAX_FORM_MEMORY_SIZE=1_000_000,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.before_request(lambda: _same_origin(settings))
    csrf.init_app(app)

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if settings.is_https:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "no-store")
        return response
