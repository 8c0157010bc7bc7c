"""Refusals of the HTTP interface: one shape, a closed set of codes, one sentence that says what, where, what to do."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db.engine import DatabaseUnavailable
from scheduler.errors import FileRefused, InfusionsError, InvalidValue, Rejected
from scheduler.toml_reader import did_you_mean, shown
from service.changes_text import changes_json
from service.courses import NotFound, RequestReused, StaleRevision
from service.patients import FactsChanged
from service.planning import FileRejected
from web.security import reference, route_of

log = logging.getLogger("infusions.web")

# By status: the code, and the sentence where nobody has a better one.
STATUSES: Mapping[int, tuple[str, str]] = {
    400: ("bad-json", "body: is not one JSON object in UTF-8; mend it"),
    401: ("unauthorized", "Authorization: send the header `Authorization: Bearer TOKEN` with a token that works"),
    403: ("forbidden", "token: its role may not do this; ask with one that may"),
    404: ("not-found", "path: there is nothing here, or it belongs to another clinic; check it against /openapi.json"),
    405: ("method-not-allowed", "method: this address takes other methods; see `Allow`"),
    406: ("not-acceptable", "Accept: this address gives none of these kinds; leave the header out"),
    409: ("conflict", "somebody else changed this at the same moment, so nothing was stored; look, then try again"),
    413: ("too-large", "body: is larger than 256 KiB; send less at once"),
    415: ("unsupported-media-type", "Content-Type: send the body as `application/json`, not compressed"),
    422: ("bad-value", "the request can't be read; check it against /openapi.json"),
    429: ("too-many-requests", "token: too many wrong ones came from your address; wait, then send one that works"),
    500: ("internal-error", "this is a fault of the service itself; report its reference"),
    503: ("unavailable", "the database gives no answer; try again in half a minute"),
}
# Why an action, a course or a value is refused by the plan's own rules.
REJECTIONS = (
    *("after-day-1", "already-void", "audience", "bad-scope", "bad-span", "bad-time", "bad-value", "before-first"),
    *("cancelled-already", "ceased", "cycles-given", "day-1-anchors", "earlier-planned", "ended-before-started", "gap"),
    *("given-after", "given-already", "in-future", "last-dose", "later-action-stands", "length-settled"),
    *("missing-field", "needs-reason", "no-day-1", "no-hold", "no-such-action", "no-such-cycle", "no-such-day"),
    *("no-such-dose", "no-such-time", "not-first-held", "not-one-agent", "omitted-already", "other-agents"),
    *("out-of-order", "too-short", "unknown-field", "unknown-intent", "unknown-kind", "unknown-value"),
)
STALE, REUSED = "stale", "request-reused"
CODES = tuple(sorted({code for code, _ in STATUSES.values()} | set(REJECTIONS) | {STALE, REUSED}))


def refusal(
    request: Request,
    status: int,
    *,
    code: str = "",
    message: str = "",
    field: str = "",
    number: str = "",
    headers: Mapping[str, str] | None = None,
    **more: object,
) -> Response:
    """The answer to a refused request, and a line in the log that holds nothing of what was asked."""
    usual, sentence = STATUSES[status] if status in STATUSES else STATUSES[404]
    if not number:
        number = reference()
        place = {"action": "api_refused", "reference": number, "status": status}
        log.info("request %s answered %d, reference %s", route_of(request), status, number, extra=place)
    error = {"code": code or usual, "message": message or sentence, "field": field or None, "reference": number}
    return JSONResponse({"error": error, **more}, status, headers)


def add_handlers(api: FastAPI) -> None:
    """Answers every fault that a route may raise. What nobody foresaw is answered by the guard around all routes."""

    def handled(kind: type[Exception]) -> Callable[[Any], Any]:
        return api.exception_handler(kind)

    @handled(HTTPException)
    async def _refused(request: Request, fault: HTTPException) -> Response:
        return refusal(request, fault.status_code, headers=fault.headers)

    @handled(RequestValidationError)
    async def _unread(request: Request, fault: RequestValidationError) -> Response:
        return unread(request, fault.errors())

    @handled(DatabaseUnavailable)
    async def _away(request: Request, fault: DatabaseUnavailable) -> Response:
        log.error("the database gives no answer: %s", fault, extra={"action": "web_database_away"})
        return refusal(request, 503, headers={"Retry-After": "30"})

    @handled(InfusionsError)
    async def _told(request: Request, fault: InfusionsError) -> Response:
        return told(request, fault)


def told(request: Request, fault: InfusionsError) -> Response:
    """The answer to a request that a rule refuses."""
    sentence = str(fault)
    match fault:
        case StaleRevision():
            difference = {"seen": fault.seen, "current": fault.current} | changes_json(fault.changes)
            sentence = f"seen_revision: {sentence}"
            return refusal(request, 409, code=STALE, message=sentence, field="seen_revision", difference=difference)
        case FactsChanged():
            return refusal(request, 409, code=STALE, message=f"mark: {sentence}", field="mark")
        case NotFound():
            return refusal(request, 404, message=_without_commands(sentence))
        case RequestReused():
            sentence = "Idempotency-Key: came before with something else in the body; send a new key"
            return refusal(request, 422, code=REUSED, message=sentence, field="Idempotency-Key")
        case FileRejected(cause=cause):
            return told(request, cause)
        case Rejected() if fault.number is not None:  # one of those that came with the course
            place = f"actions.{fault.number - 1}"
            return refusal(
                request, 422, code=fault.code, message=f"{place}: {sentence}", field=f"{place}.{fault.field}"
            )
        case Rejected():
            return refusal(request, 422, code=fault.code, message=sentence, field=fault.field)
        case InvalidValue() | FileRefused():
            return refusal(request, 422, message=sentence, field=getattr(fault, "field", ""))
        case _ if type(fault) is InfusionsError:
            return refusal(request, 409, message=sentence)
        case _:
            raise fault  # nobody expected this kind here: the guard answers it


def unread(request: Request, faults: Sequence[Any]) -> Response:
    """The answer to values that can't be read: 404 for an id in the path that can't be one, else 422 for the first."""
    where, *inside = faults[0]["loc"]
    if where == "path":
        return refusal(request, 404)
    code, field, sentence = explained(faults[0], inside)
    return refusal(request, 422, code=code, message=sentence, field=field)


def explained(fault: Mapping[str, Any], inside: Sequence[object]) -> tuple[str, str, str]:
    """Code, field and sentence of what pydantic found, at that place inside the body or the query."""
    field = ".".join(str(part) for part in inside) or "body"
    name = field if field.isprintable() and len(field) <= 60 else shown(field)
    kind, context = fault["type"], fault.get("ctx", {})
    if kind == "missing":
        return "missing-field", field, f"{name}: is missing; give it"
    if kind == "extra_forbidden":
        return "unknown-field", field, f"{name}: is unknown; leave it out, or check its spelling"
    if "expected" in context:
        return "bad-value", field, f"{name}: is unknown; use one of {context['expected']}"
    remedy = str(fault["msg"]).partition("should ")[2] or "be read"
    return "bad-value", field, f"{name}: should {remedy}; mend it"


def unknown_name(name: str, known: Sequence[str]) -> Rejected:
    """The fault of a name in a query that the address doesn't know."""
    safe = name if name.isprintable() and len(name) <= 60 else shown(name)
    return Rejected("unknown-field", f"{safe}: is unknown in the query; {did_you_mean(name, tuple(known))}", field=name)


# ---------------------------------------------------------------------------------------------------------------------


def _without_commands(sentence: str) -> str:
    """The sentence for a program: one that names a command of ours says what to look at there."""
    what, _, remedy = sentence.partition(";")
    return f"{what}; check the id" if "`infusions" in remedy else sentence
