"""Links to the patient's page: made, listed, revoked, replaced. What it tells stands in `service/patient_page.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from calendars.kinds import Detail
from db import page_store, store
from db.engine import Session, reading, writing
from db.stored import StoredCourse, StoredPage
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.languages import wording_of
from service.loading import LoadedCourse, NotFound, load
from service.steps import Request, RequestReused
from service.tokens import hashed, new_token, token_of

if TYPE_CHECKING:
    from service.wiring import App

MAX_NAME = 60
PAGE_DETAILS = (Detail.DISCREET, Detail.FULL)  # a page without any text would be none


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link as it was made: the only time that its address is shown."""

    id: UUID
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkLine:
    """A link in a list. `detail`, `language`: how the page looks from there, as made or as the patient chose since."""

    id: UUID
    name: str
    detail: Detail
    language: str
    made_at: datetime
    made_by: str
    revoked_at: datetime | None
    last_seen_at: datetime | None


def new_link(
    app: "App",
    course_id: UUID,
    *,
    name: str,
    detail: Detail,
    language: str,
    by: str,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> NewLink:
    """Makes a link and gives its address, which is shown to no other request. `name`: which device it is for.

    Raises NotFound for an unknown course, InvalidValue for what can't be, and RequestReused when the request came
    before with something else in it.
    """
    request = Request.of(request_id)
    check_look(app, detail=detail, language=language)
    check_name(name)
    with writing(app.engine) as session:
        course = load(app, session, clinic_id, course_id, to_change=True)
        page = fresh_link(course, name=name.strip(), detail=detail.value, language=language, by=by)
        token = token_of(app, "page", clinic_id, request.id, by) if request.id else new_token()
        earlier = page_store.find_page_of_token(session, hashed(token))
        if earlier is not None:
            return NewLink(id=_same(earlier, page).id, address=address_of(app, token))
        return add_link(app, session, page, token, by=by)


def list_links(app: "App", course_id: UUID, *, clinic_id: int = HOME_CLINIC) -> tuple[LinkLine, ...]:
    """The course's links, the revoked ones too, the oldest first; NotFound for an unknown course."""
    with reading(app.engine) as session:
        course = store.find_course(session, clinic_id, course_id)
        if course is None:
            raise NotFound(
                f"course {course_id}: there is no such course; `infusions course list` shows those there are"
            )
        return links_of(session, course)


def links_of(session: Session, course: StoredCourse) -> tuple[LinkLine, ...]:
    """The same of a course that was read already."""
    return tuple(_line(page) for page in page_store.pages_of(session, course))


def revoke_link(app: "App", page_id: UUID, *, by: str, clinic_id: int = HOME_CLINIC) -> None:
    """Ends a link: its page tells nothing any more. NotFound for an unknown one; a second time changes nothing."""
    with writing(app.engine) as session:
        page, course = _find(app, session, clinic_id, page_id)
        _revoke(session, course, page, by=by)


def replace_link(
    app: "App", page_id: UUID, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC
) -> NewLink:
    """Ends a link and makes another that looks the same, for an address that got into wrong hands.

    Raises NotFound for an unknown link. The same request again gives the same address.
    """
    request = Request.of(request_id)
    with writing(app.engine) as session:
        page, course = _find(app, session, clinic_id, page_id)
        token = token_of(app, f"replace page {page_id}", clinic_id, request.id, by) if request.id else new_token()
        earlier = page_store.find_page_of_token(session, hashed(token))
        if earlier is not None:
            return NewLink(id=earlier.id, address=address_of(app, token))
        _revoke(session, course, page, by=by)
        fresh = fresh_link(course, name=page.name, detail=page.detail, language=page.language, by=by)
        return add_link(app, session, fresh, token, by=by)


def check_look(app: "App", *, detail: Detail, language: str) -> None:
    """Raises InvalidValue for a language that there is no wording for, and for a level that would show no text."""
    wording_of(app.wordings, language)
    if detail not in PAGE_DETAILS:
        raise InvalidValue(f"detail: {detail} shows no text; choose discreet or full", field="detail")


def check_name(name: str) -> None:
    """Raises InvalidValue for what is no name of a device."""
    if not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
        raise InvalidValue(
            f"name: call the link by its device, in 1 to {MAX_NAME} characters on one line", field="name"
        )


def address_of(app: "App", token: str) -> str:
    """The address of the page with that token."""
    return f"{app.settings.server.public_url}/p/{token}"


def add_link(app: "App", session: Session, page: StoredPage, token: str, *, by: str) -> NewLink:
    """Stores a link with its token, in the caller's transaction."""
    page_store.add_page(session, page, hashed(token))
    note_link(session, What.PAGE_LINK_MADE, page, by, page.made_at)
    return NewLink(id=page.id, address=address_of(app, token))


def fresh_link(course: LoadedCourse, *, name: str, detail: str, language: str, by: str) -> StoredPage:
    """A link as it will be stored, with an id of its own and no token yet."""
    return StoredPage(
        id=uuid4(),
        clinic_id=course.stored.clinic_id,
        course_id=course.stored.course.id,
        name=name,
        detail=detail,
        language=language,
        made_at=course.now,
        made_by=by,
    )


def note_link(session: Session, what: What, page: StoredPage, by: str, at: datetime) -> None:
    """Appends to the audit what was done with a link."""
    audit.note(session, what, clinic_id=page.clinic_id, by=by, at=at, course_id=page.course_id, page=str(page.id))


# ---------------------------------------------------------------------------------------------------------------------


def _same(earlier: StoredPage, asked: StoredPage) -> StoredPage:
    # Language and detail may have been chosen anew on the page since.
    if (earlier.course_id, earlier.name) != (asked.course_id, asked.name) or earlier.revoked_at is not None:
        raise RequestReused("request id: came before with something else in it; send a new id")
    return earlier


def _find(app: "App", session: Session, clinic_id: int, page_id: UUID) -> tuple[StoredPage, LoadedCourse]:
    page = page_store.find_page(session, clinic_id, page_id)
    if page is None:
        raise NotFound(f"page {page_id}: there is no such link; `infusions page list COURSE` shows a course's")
    course = load(app, session, clinic_id, page.course_id, to_change=True)
    return page_store.find_page(session, clinic_id, page_id) or page, course


def _revoke(session: Session, course: LoadedCourse, page: StoredPage, *, by: str) -> None:
    if page.revoked_at is None:
        page_store.set_page_revoked(session, page, course.now)
        note_link(session, What.PAGE_LINK_REVOKED, page, by, course.now)


def _line(page: StoredPage) -> LinkLine:
    return LinkLine(
        id=page.id,
        name=page.name,
        detail=Detail(page.detail),
        language=page.language,
        made_at=page.made_at,
        made_by=page.made_by,
        revoked_at=page.revoked_at,
        last_seen_at=page.last_seen_at,
    )
