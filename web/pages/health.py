"""Whether the service works, for a supervisor or a load balancer; and its numbers, for Prometheus."""

import hmac
from ipaddress import ip_address
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from db.engine import DatabaseUnavailable, check_schema
from service.sending import metrics
from web.render import TheSite

router = APIRouter()


@router.api_route("/healthz", methods=["GET", "HEAD"])
def health(site: TheSite) -> Response:
    """200 when the database answers and has this program's schema, else 503."""
    try:
        check_schema(site.app.engine)
    except DatabaseUnavailable:
        return PlainTextResponse("the database gives no answer\n", 503)
    return PlainTextResponse("ok\n")


@router.get("/metrics")
def numbers(request: Request, site: TheSite) -> Response:
    """The numbers of sending, for who has the token of the settings; without one, for this machine alone."""
    if not _may_look(request, site.app.settings.server.metrics_token_file):
        return PlainTextResponse("not found\n", 404)
    try:
        text = metrics(site.app, site.app.now())
    except DatabaseUnavailable:
        return PlainTextResponse("the database gives no answer\n", 503)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


# ---------------------------------------------------------------------------------------------------------------------


def _may_look(request: Request, token_file: Path | None) -> bool:
    if token_file is not None:
        scheme, _, told = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and _is_token(told.strip(), token_file)
    # A proxy on this machine is on loopback, too; it tells by these headers that somebody else is asking.
    forwarded = any(name in request.headers for name in ("forwarded", "via", "x-forwarded-for", "x-real-ip"))
    return not forwarded and request.client is not None and _is_loopback(request.client.host)


def _is_token(told: str, file: Path) -> bool:
    try:
        token = file.read_bytes().strip()
    except OSError:
        return False
    return bool(token) and hmac.compare_digest(token, told.encode())


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
