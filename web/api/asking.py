"""What a route of the HTTP interface gets: who asks, with the program as it is for their clinic; whether they may."""

import hashlib
import json
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Security
from fastapi.dependencies.models import Dependant
from fastapi.security import HTTPBearer
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from scheduler.errors import InvalidValue, Rejected
from scheduler.toml_reader import has_controls
from service.api_tokens import Holder
from service.audit import course_viewed, list_viewed
from service.users import Role
from service.wiring import App
from web.api.answers import Refusal
from web.api.door import HOLDER
from web.api.errors import STATUSES, unknown_name
from web.rights import Right, has_right

JSON = "application/json"
LONGEST_KEY = 200
LONGEST_TEXT = 200  # of a value in a query

Responses = dict[int | str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks. `app` has the settings of their clinic; `by` stands in records."""

    app: App
    by: str
    clinic_id: int
    role: Role

    @property
    def who(self) -> dict[str, Any]:
        """What use cases that change something are told of them."""
        return {"by": self.by, "clinic_id": self.clinic_id}

    def saw_list(self) -> None:
        """Notes that they saw a list of the clinic's patients."""
        list_viewed(self.app, **self.who)

    def saw_course(self, course_id: object) -> None:
        """Notes that they saw something of a course."""
        course_viewed(self.app, str(course_id), **self.who)


@dataclass(frozen=True, slots=True)
class May:
    """A dependency: who asks and has the right; else 403. Answers as `gives`; None: the route looks at `Accept`."""

    right: Right
    gives: str | None = JSON

    def __call__(self, request: Request) -> Asker:
        """Who asks. That they saw a patient's course is noted before it is shown."""
        holder: Holder = request.scope[HOLDER]
        if not has_right(holder.role, self.right):
            raise HTTPException(403)
        _check_query(request)
        if self.gives is not None:
            acceptable(request, self.gives)
        app: App = request.app.state.app
        asker = Asker(app=app.of(holder.clinic_id), by=holder.by, clinic_id=holder.clinic_id, role=holder.role)
        if request.method == "GET" and "course_id" in request.path_params:
            asker.saw_course(request.path_params["course_id"])
        return asker


BEARER = HTTPBearer(auto_error=False, description="A token made with `infusions token new`.")


def request_id(
    request: Request,
    key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=LONGEST_KEY,
            description="Makes a repeat harmless: the same key, from the same token to the same address, is done once.",
        ),
    ] = None,
) -> str | None:
    """The request's id as use cases keep it, or None. Keys of two tokens, or for two addresses, are two."""
    if key is None:
        return None
    holder: Holder = request.scope[HOLDER]
    asked = json.dumps([holder.token, request.method, request.url.path, key])
    return f"api-{hashlib.sha256(asked.encode()).hexdigest()}"


Viewer = Annotated[Asker, Depends(May(Right.VIEW))]
ViewerOfFile = Annotated[Asker, Depends(May(Right.VIEW, gives=None))]
Recorder = Annotated[Asker, Depends(May(Right.RECORD))]
Printer = Annotated[Asker, Depends(May(Right.RECORD, gives="application/pdf"))]
Auditor = Annotated[Asker, Depends(May(Right.AUDIT))]
RequestId = Annotated[str | None, Depends(request_id)]
WithBearer = Security(BEARER)


def acceptable(request: Request, media_type: str) -> None:
    """HTTPException 406 unless the `Accept` header, where there is one, lets that media type through."""
    accept = request.headers.get("accept", "").strip()
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    media_type = media_type.partition(";")[0]
    if accept and not kinds & {media_type, f"{media_type.partition('/')[0]}/*", "*/*"}:
        raise HTTPException(406)


def answers(model: type[BaseModel], *more: int, status: int = 200) -> Responses:
    """How a route answers, for its description: with that model, or with a refusal of these and the usual statuses."""
    refused = (400, 401, 403, 406, 413, 415, 422, 429, 500, 503, *more)
    return {
        status: {"model": model, "description": (model.__doc__ or "").partition("\n")[0]},
        **{each: {"model": Refusal, "description": STATUSES[each][1]} for each in refused},
    }


# ---------------------------------------------------------------------------------------------------------------------


def _check_query(request: Request) -> None:
    """Rejected or InvalidValue for a name that the address doesn't know, one that comes twice, or an odd value: a
    misspelt `revision` must not show another one."""
    known = sorted(_names(request.scope["route"].dependant))
    for name in request.query_params:
        if name not in known:
            raise unknown_name(name, known)
        given = request.query_params.getlist(name)
        if len(given) > 1:
            raise Rejected("bad-value", f"{name}: stands twice in the query; give it once", field=name)
        if len(given[0]) > LONGEST_TEXT or has_controls(given[0]):
            message = f"{name}: is longer than {LONGEST_TEXT} characters or holds a control character; mend it"
            raise InvalidValue(message, field=name)


def _names(dependant: Dependant) -> set[str]:
    own = {field.alias for field in dependant.query_params}
    return own.union(*(_names(each) for each in dependant.dependencies))
