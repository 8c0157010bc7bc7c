"""Every route of the HTTP interface, with a sample request over the prepared site and the rule who may ask.

A new route needs a row here: `test_every_api` fails without it. `{weekend}` is a course of its own with doses on Saturdays. From these rows come the walk over every role, clinic
and state of a token, and that every view of a patient is noted. `{name}` stands for what `tests.prepared_site` has under
that name; `{fresh}` is another word each time. `forms` gives the answers that are no JSON.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from tests.every_page import AUDITORS, RECORDERS, STAFF

V1 = "/api/v1"
COURSE = f"{V1}/courses/{{course_id}}"
BOBS = f"{V1}/courses/{{course}}"
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRow:
    """One route with a sample request. `views`: a course, or a list of patients, is seen with it."""

    route: str
    address: str
    who: frozenset[str]
    answers: int = 200
    body: Mapping[str, Any] | None = None
    others: int = 0
    gives: str = JSON
    views: str = ""
    shows: str = ""

    def __str__(self) -> str:
        return f"{self.route} {self.shows}".strip()

    @property
    def method(self) -> str:
        """GET, POST or PUT."""
        return self.route.partition(" ")[0]

    @property
    def for_other_clinic(self) -> int:
        """The status for the right role of the other clinic."""
        named = "{" in self.address or "{course}" in str(self.body)
        return self.others or (404 if named else self.answers)

    def filled(self, names: Mapping[str, str]) -> tuple[str, dict[str, Any] | None]:
        """Address and body with the names of the prepared site put in."""
        names = {**names, "fresh": uuid4().hex}
        body = {key: _filled(value, names) for key, value in self.body.items()} if self.body is not None else None
        return self.address.format_map(names), body


def _filled(value: object, names: Mapping[str, str]) -> object:
    return value.format_map(names) if isinstance(value, str) else value


START = {"regimen": "inotuzumab-ozogamicin", "day1": "2026-12-21"}
TO_START = {**START, "patient": "Nora Example", "email": "nora@mail.example", "consent": True}
DEFER = {"kind": "defer", "cycle": 1, "day": 15, "to": "2026-12-23", "reason": "travelling"}
FACTS = {"language": "en", "spoken_language": "Portuguese", "interpreter": True}
LINE = "remind:c1d15@2026-12-21"

PLANS = (
    ApiRow(route=f"GET {V1}/regimens", address=f"{V1}/regimens", who=STAFF),
    ApiRow(route=f"GET {V1}/regimens/{{regimen_id}}", address=f"{V1}/regimens/inotuzumab-ozogamicin", who=STAFF),
    ApiRow(route=f"POST {V1}/regimens/check", address=f"{V1}/regimens/check", who=STAFF, body={"text": "id = 1"}),
    ApiRow(route=f"POST {V1}/plan", address=f"{V1}/plan", who=STAFF, body=START),
    ApiRow(
        route=f"POST {V1}/plan",
        address=f"{V1}/plan?format=ics&detail=discreet",
        who=STAFF,
        body=START,
        gives="text/calendar; charset=utf-8",
        shows="as a calendar",
    ),
    ApiRow(
        route=f"POST {V1}/plan",
        address=f"{V1}/plan?format=pdf&language=es",
        who=STAFF,
        body=START,
        gives="application/pdf",
        shows="as a draft on paper",
    ),
)
COURSES = (
    ApiRow(route=f"GET {V1}/courses", address=f"{V1}/courses?q=bob&state=running", who=STAFF, views="list"),
    ApiRow(route=f"POST {V1}/courses", address=f"{V1}/courses", who=RECORDERS, body=TO_START, answers=201),
    ApiRow(
        route=f"POST {V1}/courses",
        address=f"{V1}/courses",
        who=RECORDERS,
        body={**TO_START, "follows": "{course}"},
        answers=201,
        others=422,
        shows="that follows another",
    ),
    *(
        ApiRow(route=f"GET {COURSE}", address=f"{V1}/courses/{{{name}}}", who=STAFF, views="course", shows=name)
        for name in ("course", "planned", "held", "ceased", "several", "stay")
    ),
    *(
        ApiRow(
            route=f"GET {COURSE}", address=f"{BOBS}?format={kind}", who=STAFF, views="course", shows=kind, gives=gives
        )
        for kind, gives in (
            ("ics", "text/calendar; charset=utf-8"),
            ("svg", "image/svg+xml; charset=utf-8"),
            ("html", "text/html; charset=utf-8"),
            ("text", "text/plain; charset=utf-8"),
        )
    ),
    ApiRow(route=f"GET {COURSE}", address=f"{BOBS}?revision=1", who=STAFF, views="course", shows="as it was"),
    ApiRow(route=f"GET {COURSE}/history", address=f"{BOBS}/history", who=STAFF, views="course"),
    ApiRow(route=f"GET {COURSE}/facts", address=f"{BOBS}/facts", who=STAFF, views="course"),
    ApiRow(route=f"PUT {COURSE}/facts", address=f"{BOBS}/facts", who=RECORDERS, body=FACTS),
    ApiRow(
        route=f"PUT {COURSE}/facts",
        address=f"{BOBS}/facts",
        who=RECORDERS,
        body={**FACTS, "mark": "of another day"},
        answers=409,
        shows="after somebody else",
    ),
)
RECORDING = (
    ApiRow(
        route=f"POST {COURSE}/actions/preview",
        address=f"{BOBS}/actions/preview",
        who=RECORDERS,
        body=DEFER,
        views="course",
    ),
    ApiRow(
        route=f"POST {COURSE}/actions",
        address=f"{BOBS}/actions",
        who=RECORDERS,
        body={**DEFER, "seen_revision": 4, "patient_told": True},
        answers=201,
    ),
    ApiRow(
        route=f"POST {COURSE}/actions",
        address=f"{BOBS}/actions",
        who=RECORDERS,
        body={**DEFER, "seen_revision": 1},
        answers=409,
        shows="after somebody else",
    ),
    ApiRow(
        route=f"POST {COURSE}/actions",
        address=f"{BOBS}/actions",
        who=RECORDERS,
        body={**DEFER, "to": "2026-12-14"},
        answers=422,
        shows="that is refused",
    ),
    ApiRow(
        route=f"POST {COURSE}/closed-days/preview",
        address=f"{V1}/courses/{{weekend}}/closed-days/preview",
        who=RECORDERS,
        body={},
        views="course",
    ),
    ApiRow(
        route=f"POST {COURSE}/closed-days",
        address=f"{V1}/courses/{{weekend}}/closed-days",
        who=RECORDERS,
        body={"seen_revision": 0},
        answers=201,
    ),
    ApiRow(route=f"POST {COURSE}/told", address=f"{BOBS}/told", who=RECORDERS, body={"revision": 4}),
)
HANDED_OVER = (
    ApiRow(route=f"GET {COURSE}/feeds", address=f"{BOBS}/feeds", who=STAFF, views="course"),
    ApiRow(
        route=f"POST {COURSE}/feeds",
        address=f"{BOBS}/feeds",
        who=RECORDERS,
        body={"name": "tablet", "for": "carer", "alarm_minutes": [60], "expires": "2027-06-30"},
        answers=201,
    ),
    ApiRow(
        route=f"POST {V1}/feeds/{{feed_id}}/replace", address=f"{V1}/feeds/{{feed}}/replace", who=RECORDERS, answers=201
    ),
    ApiRow(route=f"POST {V1}/feeds/{{feed_id}}/revoke", address=f"{V1}/feeds/{{feed}}/revoke", who=RECORDERS),
    ApiRow(route=f"GET {COURSE}/pages", address=f"{BOBS}/pages", who=STAFF, views="course"),
    ApiRow(route=f"POST {COURSE}/pages", address=f"{BOBS}/pages", who=RECORDERS, body={"name": "tablet"}, answers=201),
    ApiRow(
        route=f"POST {V1}/pages/{{page_id}}/replace", address=f"{V1}/pages/{{link}}/replace", who=RECORDERS, answers=201
    ),
    ApiRow(route=f"POST {V1}/pages/{{page_id}}/revoke", address=f"{V1}/pages/{{link}}/revoke", who=RECORDERS),
    ApiRow(route=f"GET {COURSE}/prints", address=f"{BOBS}/prints", who=STAFF, views="course"),
    ApiRow(
        route=f"POST {COURSE}/prints",
        address=f"{BOBS}/prints",
        who=RECORDERS,
        body={"detail": "discreet", "paper": "letter"},
        answers=201,
        gives="application/pdf",
    ),
    ApiRow(route=f"POST {V1}/prints/{{print_id}}/revoke", address=f"{V1}/prints/{{print}}/revoke", who=RECORDERS),
)
OF_STAFF = (
    ApiRow(route=f"GET {COURSE}/recipients", address=f"{BOBS}/recipients", who=STAFF, views="course"),
    ApiRow(
        route=f"POST {COURSE}/carers",
        address=f"{BOBS}/carers",
        who=RECORDERS,
        body={"name": "Carl", "email": "carl@mail.example", "consent": True},
        answers=201,
    ),
    ApiRow(
        route=f"POST {COURSE}/carers/{{carer}}/withdraw", address=f"{BOBS}/carers/{{carer}}/withdraw", who=RECORDERS
    ),
    ApiRow(route=f"GET {V1}/reminders", address=f"{V1}/reminders?state=waiting", who=STAFF, views="list"),
    ApiRow(
        route=f"GET {V1}/reminders",
        address=f"{V1}/reminders?course={{course}}",
        who=STAFF,
        views="course",
        shows="one's",
    ),
    ApiRow(
        route=f"POST {V1}/reminders/{{reminder_id}}/send-now",
        address=f"{V1}/reminders/{{mail}}/send-now",
        who=RECORDERS,
        body={"at_night": True},
    ),
    ApiRow(route=f"POST {COURSE}/reminders/pause", address=f"{BOBS}/reminders/pause", who=RECORDERS),
    ApiRow(route=f"POST {COURSE}/reminders/resume", address=f"{BOBS}/reminders/resume", who=RECORDERS),
    ApiRow(
        route=f"POST {V1}/reminders/suppress",
        address=f"{V1}/reminders/suppress",
        who=RECORDERS,
        body={"address": "bob@patients.example"},
    ),
    ApiRow(
        route=f"POST {V1}/reminders/release",
        address=f"{V1}/reminders/release",
        who=RECORDERS,
        body={"address": "nobody@patients.example"},
        answers=404,
    ),
    ApiRow(route=f"GET {V1}/worklist", address=f"{V1}/worklist", who=STAFF, views="list"),
    ApiRow(
        route=f"POST {V1}/worklist/done",
        address=f"{V1}/worklist/done",
        who=RECORDERS,
        body={"course": "{course}", "line": "note:patient"},
    ),
    ApiRow(route=f"GET {V1}/audit", address=f"{V1}/audit?kind=views&since=2026-12-01", who=AUDITORS),
    ApiRow(route=f"POST {V1}/audit/verify", address=f"{V1}/audit/verify", who=AUDITORS),
)
ROWS = (*PLANS, *COURSES, *RECORDING, *HANDED_OVER, *OF_STAFF)
