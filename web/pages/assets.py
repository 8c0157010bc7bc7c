"""The style sheet and the icon."""

from fastapi import APIRouter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.render import TheSite

router = APIRouter()

ONE_YEAR = 365 * 24 * 60 * 60


@router.api_route("/static/{name}", methods=["GET", "HEAD"])
async def asset(name: str, site: TheSite) -> Response:
    """A file that pages refer to; its address names its version, so it never changes."""
    if name not in site.assets:
        raise HTTPException(404)
    found = site.assets[name]
    headers = {"Cache-Control": f"public, max-age={ONE_YEAR}, immutable"}
    return Response(found.body, media_type=found.media_type, headers=headers)
