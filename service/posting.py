"""Sending a link to the patient's page by mail. The token is nowhere at rest: it is made of a half that lies in the
database while the mail waits, and of the secret, which doesn't; once the mail has gone, the half is forgotten."""

import base64
import hmac
import secrets
from typing import TYPE_CHECKING
from uuid import UUID

from calendars.kinds import Detail
from db import outbox_store, page_store
from db.engine import Session, reading, writing
from db.stored import StoredPage
from reminders.links import post_link
from reminders.rules import Kind, allowed
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.loading import facts_of, load
from service.page_links import add_link, address_of, check_look, check_name, fresh_link
from service.steps import Request

if TYPE_CHECKING:
    from service.wiring import App


def mail_link(
    app: "App",
    course_id: UUID,
    *,
    name: str,
    detail: Detail,
    language: str,
    by: str,
    request_id: str | None = None,
    clinic_id: int = HOME_CLINIC,
) -> None:
    """Makes a link and lets a mail with it wait, in one transaction. A repeated request sends nothing.

    Raises NotFound for an unknown course, InvalidValue for what can't be: also where no mail may go to the patient.
    """
    request = Request.of(request_id, "mail-link", str(course_id), name, detail.value, language)
    check_look(app, detail=detail, language=language)
    check_name(name)
    with writing(app.engine) as session:
        app = app.of(clinic_id, session)
        course = load(app, session, clinic_id, course_id, to_change=True)
        if request.done(session, clinic_id):
            return
        facts = facts_of(app, session, course.stored, course.plan(), now=course.now)
        if not allowed(Kind.LINK, facts.plan):
            raise InvalidValue("mail: mails to this patient have ended; hand the link over instead", field="mail")
        if outbox_store.is_suppressed(session, clinic_id, course.stored.email or ""):
            raise InvalidValue("mail: nothing goes to this address; ask the patient for another", field="mail")
        page = fresh_link(course, name=name.strip(), detail=detail.value, language=language, by=by)
        half = secrets.token_urlsafe(32)
        post_link(session, facts, key_of(page), now=course.now)
        add_link(app, session, page, _token(app, page.id, half), by=by)
        page_store.set_page_posting(session, page, half)
        audit.note(
            session,
            What.PAGE_LINK_MAILED,
            clinic_id=clinic_id,
            by=by,
            at=course.now,
            course_id=course_id,
            request=request,
            page=str(page.id),
        )


def key_of(page: StoredPage) -> str:
    """Under which key messages of the outbox name the link."""
    return f"page/{page.id}"


def posted_links(app: "App", clinic_id: int, course_id: UUID) -> dict[str, str]:
    """By key the addresses of the course that wait to be mailed; a link that was revoked meanwhile is none."""
    with reading(app.engine) as session:
        pages = page_store.posted_pages(session, clinic_id, course_id)
    return {key_of(page): address_of(app, _token(app, page.id, page.posting or "")) for page in pages}


def forget_posted(app: "App") -> int:
    """Forgets the halves of tokens whose mails have gone, or never will; how many those were."""
    forgotten = 0
    with reading(app.engine) as session:
        waiting = page_store.posted_pages(session)
    for page in waiting:
        with writing(app.engine) as session:
            if not _waits(session, page):
                page_store.set_page_posting(session, page, None)
                forgotten += 1
    return forgotten


# ---------------------------------------------------------------------------------------------------------------------


def _token(app: "App", page_id: UUID, half: str) -> str:
    made = hmac.digest(app.secret(), f"posted-page|{page_id}|{half}".encode(), "sha256")
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _waits(session: Session, page: StoredPage) -> bool:
    messages = outbox_store.messages_of(session, page.clinic_id, page.course_id)
    return any(each.event_key == key_of(page) and each.state in outbox_store.OPEN for each in messages)
