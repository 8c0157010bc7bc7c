"""What is to be sent, what was, and to which addresses nothing goes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from db import outbox_store, store
from db.engine import reading, writing
from db.outbox_store import State, StoredMessage
from scheduler.errors import InvalidValue
from service import audit
from service.audit import HOME_CLINIC, What
from service.config_values import Unreadable, mail_address
from service.loading import NotFound
from service.mails import reason_of
from service.steps import Request, again_after_conflict

if TYPE_CHECKING:
    from service.wiring import App

__all__ = ["State", "StoredMessage", "list_messages", "reasons", "release", "suppress"]


def list_messages(
    app: "App", course_id: UUID | None = None, state: State | None = None, *, clinic_id: int = HOME_CLINIC
) -> tuple[StoredMessage, ...]:
    """The messages of the clinic, or of one course, in that state; NotFound for an unknown course."""
    states = [state] if state else []
    with reading(app.engine) as session:
        if course_id is None:
            return outbox_store.list_messages(session, clinic_id, states=states)
        if store.find_course(session, clinic_id, course_id) is None:
            message = f"course {course_id}: there is no such course; `infusions course list` shows those there are"
            raise NotFound(message)
        found = outbox_store.messages_of(session, clinic_id, course_id)
    wanted = (each for each in found if state is None or each.state is state)
    return tuple(sorted(wanted, key=lambda each: (each.send_after, each.id)))


def reasons(app: "App", messages: Iterable[StoredMessage], *, clinic_id: int = HOME_CLINIC) -> dict[int, str]:
    """By id, why each message is in its state, in words for staff; an empty text when there is nothing to say."""
    with reading(app.engine) as session:
        paused = outbox_store.paused_courses(session, clinic_id)
    return {each.id: reason_of(each, paused=each.course_id in paused) for each in messages}


def suppress(app: "App", address: str, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC) -> None:
    """Sends nothing to the address from now on; InvalidValue when it is none. A repeated request does nothing."""
    checked = _address(address)
    request = Request.of(request_id, "suppress", checked)

    def once() -> None:
        with writing(app.engine) as session:
            if request.done(session, clinic_id):
                return
            now = app.now()
            outbox_store.suppress(session, clinic_id, checked, cause=f"asked for by {by}", now=now)
            audit.note(session, What.ADDRESS_SUPPRESSED, clinic_id=clinic_id, by=by, at=now, request=request)

    again_after_conflict(once)


def release(app: "App", address: str, *, by: str, request_id: str | None = None, clinic_id: int = HOME_CLINIC) -> None:
    """Allows mails to the address again; NotFound when it was not suppressed. A repeated request does nothing."""
    checked = _address(address)
    request = Request.of(request_id, "release", checked)

    def once() -> None:
        with writing(app.engine) as session:
            if request.done(session, clinic_id):
                return
            if not outbox_store.release(session, clinic_id, checked):
                raise NotFound("address: is not suppressed, so there is nothing to release; check its spelling")
            audit.note(session, What.ADDRESS_RELEASED, clinic_id=clinic_id, by=by, at=app.now(), request=request)

    again_after_conflict(once)


# ---------------------------------------------------------------------------------------------------------------------


def _address(text: str) -> str:
    try:
        found = mail_address(text)
    except Unreadable as fault:
        raise InvalidValue(f"address: {fault}", field="address") from None
    if not found:
        raise InvalidValue("address: is empty; give a mail address", field="address")
    return found
