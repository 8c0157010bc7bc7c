"""Whether the service works, for a supervisor or a load balancer."""

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

from db.engine import DatabaseUnavailable, check_schema
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
