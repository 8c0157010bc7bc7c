"""What a patient gets: calendar addresses, links to their page, prints. An address is shown once."""

from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from calendars.kinds import Detail, Reader
from service.as_json import feed_json, page_json, print_json
from service.feeds import list_feeds, new_feed, replace_feed, revoke_feed
from service.page_links import list_links, new_link, replace_link, revoke_link
from service.prints import list_prints, print_course, revoke_print
from service.queries import load_course
from service.rendering import Look
from web.api.asking import Printer, Recorder, RequestId, Viewer, answers
from web.api.bodies import FeedToMake, PageToMake, ToPrint
from web.api.patient_answers import Feeds, NewFeed, NewPage, Pages, Prints, RevokedFeed, RevokedPage, RevokedPrint

router = APIRouter(prefix="/api/v1", tags=["handing over"])

PDF = {"content": {"application/pdf": {"schema": {"type": "string"}}}, "description": "A PDF file."}
PRINTED = answers(NewFeed, 404, status=201) | {201: PDF}


@router.get("/courses/{course_id}/feeds", responses=answers(Feeds, 404))
def feeds(course_id: UUID, who: Viewer) -> Response:
    """List the calendar addresses of a course, the ended ones too; the addresses themselves are not kept."""
    lines = list_feeds(who.app, course_id, clinic_id=who.clinic_id)
    return JSONResponse({"course": str(course_id), "feeds": [feed_json(line) for line in lines]})


@router.post("/courses/{course_id}/feeds", status_code=201, responses=answers(NewFeed, 404, status=201))
def make_feed(course_id: UUID, body: FeedToMake, who: Recorder, key: RequestId) -> Response:
    """Make a calendar address; it is shown this once."""
    made = new_feed(
        who.app,
        course_id,
        name=body.name,
        reader=Reader(body.for_),
        detail=Detail(body.detail),
        language=body.language,
        alarms=[timedelta(minutes=minutes) for minutes in body.alarm_minutes],
        expires=body.expires,
        request_id=key,
        **who.who,
    )
    return JSONResponse({"feed": str(made.id), "address": made.address}, 201)


@router.post("/feeds/{feed_id}/replace", status_code=201, responses=answers(NewFeed, 404, status=201))
def replace_feed_(feed_id: UUID, who: Recorder, key: RequestId) -> Response:
    """Replace a calendar address: the new one is shown this once, the old one is revoked."""
    made = replace_feed(who.app, feed_id, request_id=key, **who.who)
    return JSONResponse({"feed": str(made.id), "address": made.address}, 201)


@router.post("/feeds/{feed_id}/revoke", responses=answers(RevokedFeed, 404))
def revoke_feed_(feed_id: UUID, who: Recorder) -> Response:
    """Revoke a calendar address: it shows an empty calendar for a while, then nothing."""
    revoke_feed(who.app, feed_id, **who.who)
    return JSONResponse({"feed": str(feed_id), "state": "revoked"})


@router.get("/courses/{course_id}/pages", responses=answers(Pages, 404))
def pages(course_id: UUID, who: Viewer) -> Response:
    """List the links to the patient's page; their addresses are not kept."""
    lines = list_links(who.app, course_id, clinic_id=who.clinic_id)
    return JSONResponse({"course": str(course_id), "pages": [page_json(line) for line in lines]})


@router.post("/courses/{course_id}/pages", status_code=201, responses=answers(NewPage, 404, status=201))
def make_page(course_id: UUID, body: PageToMake, who: Recorder, key: RequestId) -> Response:
    """Make a link to the patient's page; its address is shown this once."""
    language = body.language or load_course(who.app, course_id, clinic_id=who.clinic_id).language
    detail = Detail(body.detail)
    made = new_link(who.app, course_id, name=body.name, detail=detail, language=language, request_id=key, **who.who)
    return JSONResponse({"page": str(made.id), "address": made.address}, 201)


@router.post("/pages/{page_id}/replace", status_code=201, responses=answers(NewPage, 404, status=201))
def replace_page(page_id: UUID, who: Recorder, key: RequestId) -> Response:
    """Replace the address of a link: the new one is shown this once, the old one is revoked."""
    made = replace_link(who.app, page_id, request_id=key, **who.who)
    return JSONResponse({"page": str(made.id), "address": made.address}, 201)


@router.post("/pages/{page_id}/revoke", responses=answers(RevokedPage, 404))
def revoke_page(page_id: UUID, who: Recorder) -> Response:
    """Revoke a link: its page tells nothing any more. A second time changes nothing."""
    revoke_link(who.app, page_id, **who.who)
    return JSONResponse({"page": str(page_id), "state": "revoked"})


@router.get("/courses/{course_id}/prints", responses=answers(Prints, 404))
def prints(course_id: UUID, who: Viewer) -> Response:
    """List what was printed, the newest first, and what of it is out of date."""
    lines = list_prints(who.app, course_id, clinic_id=who.clinic_id)
    return JSONResponse({"course": str(course_id), "prints": [print_json(line) for line in lines]})


@router.post("/courses/{course_id}/prints", status_code=201, responses=PRINTED)
def make_print(course_id: UUID, body: ToPrint, who: Printer, key: RequestId) -> Response:
    """Print a course: a PDF whose code opens a page that says whether it is out of date."""
    look = Look(
        reader=body.for_,
        detail=body.detail,
        language=body.language,
        paper=body.paper,
        large_print=body.large_print,
    )
    made = print_course(who.app, course_id, look, revision=body.revision, request_id=key, **who.who)
    return Response(made.body, 201, media_type="application/pdf")


@router.post("/prints/{print_id}/revoke", responses=answers(RevokedPrint, 404))
def revoke_print_(print_id: UUID, who: Recorder) -> Response:
    """Revoke a print: the page behind its code tells nothing any more. A second time changes nothing."""
    revoke_print(who.app, print_id, **who.who)
    return JSONResponse({"print": str(print_id), "state": "revoked"})
