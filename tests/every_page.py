"""Every route of the service, with a sample address over the prepared site and the rule who may use it.

A new route needs a row here, at least one: `test_every_page` fails without it and prints the line to start from. From
these rows, with no further work, come the walk over every role, clinic and state of membership (`test_every_page`), and
axe, reflow, large text, forced colours, weight and what the page asks the network for, in a real browser
(`test_browser_every_page`); and `make screenshots`.

To add a row:
* `route` is the method and the path as the code has them.
* `address` is the path of a sample. `{name}` stands for what `tests.prepared_site` has under that name: `{course}` is
  Bob's course in mid-course; there are `{planned}`, `{held}`, `{ceased}`, `{several}` (agents), `{stay}` (in hospital),
  `{feed}`, `{print}`, `{mail}`, `{carer}`, `{user}` and the addresses of patients' pages in three languages. What is
  missing there is one line more in its `_contents`. `{fresh}` is another word each time, for a request's id.
* `who` is one of EVERYBODY, STAFF, RECORDERS, ADMINS. Another rule is another set of roles.
* `body`, for a POST, is what the form sends, without the token; `answers` is the status for who may.
* `file=True` where the answer is no page. `shows` tells several rows of one route apart: states of a page that look
  different (a preview, a form with faults) are worth a row.
What of the first clinic a row's address or body names, the other clinic finds nowhere: 404. Where that is different,
say so with `others`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from tests.prepared_site import NOBODY, PASSWORD, ROLES

STAFF = frozenset(ROLES)
EVERYBODY = STAFF | {NOBODY}
RECORDERS = STAFF - {"auditor"}
ADMINS = frozenset({"clinic-admin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One route with a sample address: see the text at the head of this file."""

    route: str
    address: str
    who: frozenset[str]
    answers: int = 200
    body: Mapping[str, str] = field(default_factory=dict)
    others: int = 0
    file: bool = False
    shows: str = ""

    def __str__(self) -> str:
        return f"{self.route} {self.shows}".strip()

    @property
    def method(self) -> str:
        """GET or POST."""
        return self.route.partition(" ")[0]

    @property
    def is_page(self) -> bool:
        """Whether somebody sees it in a browser as a page of ours."""
        return not self.file and self.answers != 303

    @property
    def for_other_clinic(self) -> int:
        """The status for the right role of the other clinic."""
        named = "{" in self.address or any("{" in value for value in self.body.values() if value != "{fresh}")
        return self.others or (404 if named and self.who != EVERYBODY else self.answers)

    def filled(self, names: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """Address and body with the names of the prepared site put in; `{fresh}` is another word each time."""
        names = {**names, "fresh": uuid4().hex}
        return self.address.format_map(names), {key: value.format_map(names) for key, value in self.body.items()}


COURSE = "/courses/{course_id}"
NEW_COURSE = {
    "patient": "Nora Example",
    "day1": "2026-12-21",
    "at": "09:00",
    "zone": "America/New_York",
    "patient_zone": "America/New_York",
    "intent": "continue",
    "language": "en",
    "jurisdiction": "US",
    "audience-can-become-pregnant": "shown",
    "audience-partner-can-become-pregnant": "no",
    "audience-breastfeeding": "no",
}
TABLE = "patient,regimen,day1\nNora Example,inotuzumab-ozogamicin,2026-12-21"
MOVED_IN = {**NEW_COURSE, "moving": "yes", "step": "edit", "day1": "2026-11-02"}
NEW_REGIMEN = "/courses/new?regimen=inotuzumab-ozogamicin"
MOVE = {"dose": "1-15", "to": "2026-12-23", "reason": "travelling", "seen_revision": "4", "step": "preview"}
CARER = {
    "name": "Carl Carer",
    "email": "carl@mail.example",
    "consent": "yes",
    "language": "en",
    "zone": "Europe/Paris",
    "detail": "discreet",
    "request_id": "{fresh}",
}
CHOICE = {"detail": "discreet", "calendar": "no-feed", "visit": "1"}
FEED = {
    "name": "Bob's tablet",
    "reader": "patient",
    "detail": "full",
    "language": "en",
    "request_id": "{fresh}",
}
HAND_OVER = {
    "things": "page",
    "name": "phone",
    "programs": "apple",
    "detail": "full",
    "language": "en",
    "request_id": "{fresh}",
}
FACTS = {"language": "en", "minor": "yes", "guardian": "Anna", "guardian_relation": "mother", "seen": "of another day"}
FACTS |= {"guardian_phone": "5", "request_id": "{fresh}"}
PRINT = {"reader": "patient", "detail": "discreet", "language": "en", "paper": "a4", "request_id": "{fresh}"}

OPEN = (
    Row(route="GET /healthz", address="/healthz", who=EVERYBODY, file=True),
    Row(route="GET /metrics", address="/metrics", who=EVERYBODY, file=True),
    Row(route="GET /static/{name}", address="/static/style.css", who=EVERYBODY, file=True),
    Row(route="GET /c/{token}.ics", address="/c/{feed_token}.ics", who=EVERYBODY, file=True),
    Row(route="GET /sign-in", address="/sign-in?next=/courses/new", who=EVERYBODY),
    Row(
        route="POST /sign-in",
        address="/sign-in",
        who=EVERYBODY,
        body={"name": "home-nurse", "password": PASSWORD},
        answers=303,
    ),
    Row(
        route="POST /sign-in",
        address="/sign-in",
        who=EVERYBODY,
        body={"name": "{fresh}", "password": "a wrong password"},
        answers=422,
        shows="refused",
    ),
    Row(route="GET /welcome/{token}", address="/welcome/{welcome}", who=EVERYBODY),
    Row(route="GET /welcome/{token}", address="/welcome/x", who=EVERYBODY, answers=404, shows="of a link that ended"),
    Row(
        route="POST /welcome/{token}",
        address="/welcome/{welcome}",
        who=EVERYBODY,
        body={"new": "a long sentence", "again": "another sentence"},
        answers=422,
    ),
)
FOR_PATIENTS = (
    Row(route="GET /p/{token}", address="/p/{sheet}", who=EVERYBODY),
    Row(route="GET /p/{token}", address="/p/{sheet_es}", who=EVERYBODY, shows="es"),
    Row(route="GET /p/{token}", address="/p/{sheet_ar}", who=EVERYBODY, shows="ar"),
    Row(route="GET /p/{token}", address="/p/x", who=EVERYBODY, answers=404, shows="of nothing known"),
    Row(route="GET /p/{token}", address="/p/{page}", who=EVERYBODY, shows="a link's"),
    Row(route="GET /p/{token}", address="/p/{page}?view=months", who=EVERYBODY, shows="a link's, as months"),
    Row(route="GET /p/{token}", address="/p/{page}?view=picture", who=EVERYBODY, shows="a link's, as a picture"),
    Row(route="GET /p/{token}", address="/p/{page_es}?view=months", who=EVERYBODY, shows="a link's, es"),
    Row(route="GET /p/{token}", address="/p/{page_ar}", who=EVERYBODY, shows="a link's, ar"),
    Row(route="GET /p/{token}", address="/p/{page_ar}?view=months", who=EVERYBODY, shows="a link's, ar, as months"),
    Row(route="GET /p/{token}", address="/p/{page_held}", who=EVERYBODY, shows="a link's, to be told by a person"),
    Row(route="GET /p/{token}", address="/p/{page_ceased}", who=EVERYBODY, shows="a link's, ceased"),
    Row(route="GET /p/{token}", address="/p/{page_stay}", who=EVERYBODY, shows="a link's, in hospital"),
    Row(
        route="POST /p/{token}/choices",
        address="/p/{page}/choices",
        who=EVERYBODY,
        body={"mark": "{page_mark}", "step": "look", "language": "en", "detail": "full"},
        answers=303,
    ),
    Row(
        route="POST /p/{token}/choices",
        address="/p/{page}/choices",
        who=EVERYBODY,
        body={"mark": "{page_mark}", "step": "look", "language": "tlh", "detail": "full"},
        answers=422,
        shows="refused",
    ),
    Row(
        route="POST /p/{token}/calendar",
        address="/p/{page}/calendar",
        who=EVERYBODY,
        body={"mark": "{page_mark}", "detail": "discreet", "request_id": "{fresh}"},
    ),
    Row(route="GET /u/{token}", address="/u/{stop}", who=EVERYBODY),
    Row(route="GET /u/{token}", address="/u/{stop_es}", who=EVERYBODY, shows="es"),
    Row(route="GET /u/{token}", address="/u/{stop_ar}", who=EVERYBODY, shows="ar"),
    Row(route="POST /u/{token}", address="/u/{stop}", who=EVERYBODY, body={"action": "stop"}),
    Row(route="POST /u/{token}", address="/u/{stop_ar}", who=EVERYBODY, body={"action": "stop"}, shows="ar"),
)
GIVEN = {"cycle": "1", "day": "15", "on": "2026-12-21", "course": "{course}", "request_id": "{fresh}"}
DAY = (
    Row(route="GET /", address="/", who=STAFF),
    Row(route="GET /", address="/?day=2026-12-21", who=STAFF, shows="another day"),
    Row(route="GET /courses", address="/courses", who=STAFF),
    Row(route="GET /courses", address="/courses?q=bob&need=any", who=STAFF, shows="found"),
    Row(
        route="POST /day/ticks",
        address="/day/ticks",
        who=RECORDERS,
        body={"course": "{course}", "tick": "nothing@2026-12-21"},
        answers=409,
    ),
    Row(
        route="POST /day/given",
        address="/day/given",
        who=RECORDERS,
        body={**GIVEN, "seen_revision": "1"},
        answers=409,
        shows="after somebody else",
    ),
    Row(
        route="POST /day/undo",
        address="/day/undo",
        who=RECORDERS,
        body={"course": "{course}", "first": "4", "last": "4", "request_id": "{fresh}"},
        answers=422,
    ),
    Row(route="GET /worklist", address="/worklist", who=STAFF),
    Row(
        route="POST /worklist",
        address="/worklist",
        who=RECORDERS,
        body={"course": "{course}", "line": "told-4"},
        answers=422,
    ),
)
STARTING = (
    Row(route="GET /courses/new", address="/courses/new", who=RECORDERS, shows="the choice of the regimen"),
    Row(route="GET /courses/new", address=NEW_REGIMEN, who=RECORDERS),
    Row(route="GET /courses/new", address=NEW_REGIMEN + "&follows={course}", who=RECORDERS, shows="that goes on"),
    Row(route="POST /courses/new", address=NEW_REGIMEN, who=RECORDERS, body=NEW_COURSE, shows="preview"),
    Row(route="POST /courses/new", address=NEW_REGIMEN, who=RECORDERS, answers=422, shows="with faults"),
    Row(route="GET /courses/import", address="/courses/import", who=RECORDERS),
    Row(route="POST /courses/import", address="/courses/import", who=RECORDERS, body={"table": TABLE}, answers=303),
    Row(route="POST /courses/import", address="/courses/import", who=RECORDERS, answers=422, shows="with faults"),
    Row(route="GET /courses/import/template.csv", address="/courses/import/template.csv", who=RECORDERS, file=True),
    Row(route="GET /courses/import/{batch_id}", address="/courses/import/{import}", who=RECORDERS),
    Row(
        route="POST /courses/import/{batch_id}",
        address="/courses/import/{import}",
        who=RECORDERS,
        body={"step": "store"},
        answers=303,
    ),
    Row(
        route="GET /courses/import/{batch_id}/refused.csv",
        address="/courses/import/{import}/refused.csv",
        who=RECORDERS,
        file=True,
    ),
    Row(route="GET /courses/export.{kind}", address="/courses/export.csv", who=ADMINS, file=True),
    Row(route="GET /courses/export.{kind}", address="/courses/export.json", who=ADMINS, file=True, shows="as JSON"),
    Row(route="GET /courses/new", address=NEW_REGIMEN + "&moving=yes", who=RECORDERS, shows="that moves in"),
    Row(route="POST /courses/new", address=NEW_REGIMEN, who=RECORDERS, body=MOVED_IN, shows="visits so far"),
    Row(
        route="POST /courses/new",
        address=NEW_REGIMEN,
        who=RECORDERS,
        body={**NEW_COURSE, "step": "confirm", "request_id": "a-start"},
        answers=303,
        shows="confirmed",
    ),
)
COURSES = (
    Row(route=f"GET {COURSE}", address="/courses/{course}", who=STAFF),
    *(
        Row(route=f"GET {COURSE}", address=f"/courses/{{{name}}}", who=STAFF, shows=name)
        for name in ("planned", "held", "ceased", "several", "stay")
    ),
    Row(route=f"GET {COURSE}", address="/courses/{course}?recorded=2&told&revoked", who=STAFF, shows="after a step"),
    Row(route=f"GET {COURSE}/history", address="/courses/{course}/history?page=9", who=STAFF),
    Row(route=f"GET {COURSE}/mails", address="/courses/{course}/mails", who=STAFF),
    Row(
        route=f"POST {COURSE}/remarks",
        address="/courses/{course}/remarks",
        who=RECORDERS,
        body={"step": "acknowledge", "mark": "of a remark that has changed"},
        answers=409,
    ),
    Row(route=f"GET {COURSE}/facts", address="/courses/{course}/facts", who=RECORDERS),
    Row(route=f"POST {COURSE}/facts", address="/courses/{course}/facts", who=RECORDERS, body=FACTS, answers=409),
    Row(
        route=f"POST {COURSE}/facts",
        address="/courses/{course}/facts",
        who=RECORDERS,
        body={**FACTS, "guardian": ""},
        answers=422,
        shows="with faults",
    ),
    Row(route=f"GET {COURSE}/timeline.svg", address="/courses/{course}/timeline.svg", who=STAFF, file=True),
    Row(
        route=f"POST {COURSE}/told",
        address="/courses/{course}/told",
        who=RECORDERS,
        body={"revision": "4", "step": "told"},
        answers=303,
    ),
    Row(route=f"GET {COURSE}/closed-days", address="/courses/{course}/closed-days", who=RECORDERS),
    Row(
        route=f"POST {COURSE}/closed-days",
        address="/courses/{course}/closed-days",
        who=RECORDERS,
        body={"seen_revision": "4", "request_id": "{fresh}"},
        answers=409,
    ),
)
RECORDING = (
    Row(route=f"GET {COURSE}/record", address="/courses/{course}/record", who=RECORDERS),
    *(
        Row(
            route=f"GET {COURSE}/record/{{kind}}",
            address=f"/courses/{{course}}/record/{kind}",
            who=RECORDERS,
            shows=kind,
        )
        for kind in (
            *("given", "defer", "hold", "omit", "time", "away", "cycle-length", "days", "cycles", "intent", "audience"),
            *("response", "cease", "regimen", "void"),
        )
    ),
    Row(route=f"GET {COURSE}/record/{{kind}}", address="/courses/{held}/record/resume", who=RECORDERS, shows="resume"),
    Row(
        route=f"GET {COURSE}/record/{{kind}}",
        address="/courses/{course}/record/void?action=1&preview",
        who=RECORDERS,
        shows="undo",
    ),
    Row(
        route=f"POST {COURSE}/record/{{kind}}",
        address="/courses/{course}/record/defer",
        who=RECORDERS,
        body=MOVE,
        shows="preview",
    ),
    Row(
        route=f"POST {COURSE}/record/{{kind}}",
        address="/courses/{course}/record/defer",
        who=RECORDERS,
        body={**MOVE, "to": "soon"},
        answers=422,
        shows="with faults",
    ),
    Row(
        route=f"POST {COURSE}/record/{{kind}}",
        address="/courses/{course}/record/defer",
        who=RECORDERS,
        body={**MOVE, "seen_revision": "1"},
        answers=409,
        shows="after somebody else",
    ),
    Row(
        route=f"POST {COURSE}/record/{{kind}}",
        address="/courses/{course}/record/defer",
        who=RECORDERS,
        body={**MOVE, "step": "confirm", "request_id": "{fresh}"},
        answers=303,
        shows="confirmed",
    ),
)
HANDED_OVER = (
    Row(route=f"GET {COURSE}/feeds/new", address="/courses/{course}/feeds/new", who=RECORDERS),
    Row(route=f"POST {COURSE}/feeds/new", address="/courses/{course}/feeds/new", who=RECORDERS, body=FEED),
    Row(
        route=f"GET {COURSE}/feeds/{{feed_id}}/revoke",
        address="/courses/{course}/feeds/{feed}/revoke",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/feeds/{{feed_id}}/revoke",
        address="/courses/{course}/feeds/{feed}/revoke",
        who=RECORDERS,
        answers=303,
    ),
    Row(
        route=f"GET {COURSE}/feeds/{{feed_id}}/replace",
        address="/courses/{course}/feeds/{feed}/replace",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/feeds/{{feed_id}}/replace",
        address="/courses/{course}/feeds/{feed}/replace",
        who=RECORDERS,
        body={"request_id": "{fresh}"},
    ),
    Row(route=f"GET {COURSE}/hand-over", address="/courses/{course}/hand-over", who=RECORDERS),
    Row(route=f"GET {COURSE}/hand-over", address="/courses/{held}/hand-over", who=RECORDERS, shows="to be told"),
    Row(route=f"POST {COURSE}/hand-over", address="/courses/{course}/hand-over", who=RECORDERS, body=HAND_OVER),
    Row(
        route=f"POST {COURSE}/hand-over",
        address="/courses/{course}/hand-over",
        who=RECORDERS,
        body=HAND_OVER | {"language": "ar"},
        shows="ar",
    ),
    Row(
        route=f"POST {COURSE}/hand-over",
        address="/courses/{course}/hand-over",
        who=RECORDERS,
        body=HAND_OVER | {"detail": "busy"},
        answers=422,
        shows="refused",
    ),
    Row(
        route=f"GET {COURSE}/links/{{link_id}}/revoke",
        address="/courses/{course}/links/{link}/revoke",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/links/{{link_id}}/revoke",
        address="/courses/{course}/links/{link}/revoke",
        who=RECORDERS,
        answers=303,
    ),
    Row(
        route=f"GET {COURSE}/links/{{link_id}}/replace",
        address="/courses/{course}/links/{link}/replace",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/links/{{link_id}}/replace",
        address="/courses/{course}/links/{link}/replace",
        who=RECORDERS,
        body={"request_id": "{fresh}"},
    ),
    Row(route=f"GET {COURSE}/prints/new", address="/courses/{course}/prints/new", who=RECORDERS),
    Row(
        route=f"POST {COURSE}/prints/new", address="/courses/{course}/prints/new", who=RECORDERS, body=PRINT, file=True
    ),
    Row(
        route=f"GET {COURSE}/prints/{{print_id}}/revoke",
        address="/courses/{course}/prints/{print}/revoke",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/prints/{{print_id}}/revoke",
        address="/courses/{course}/prints/{print}/revoke",
        who=RECORDERS,
        answers=303,
    ),
)
MAILS = (
    Row(route=f"POST {COURSE}/mails/pause", address="/courses/{course}/mails/pause", who=RECORDERS, answers=303),
    Row(route=f"POST {COURSE}/mails/resume", address="/courses/{course}/mails/resume", who=RECORDERS, answers=303),
    Row(
        route=f"GET {COURSE}/mails/{{message_id}}/send",
        address="/courses/{course}/mails/{mail}/send",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/mails/{{message_id}}/send",
        address="/courses/{course}/mails/{mail}/send",
        who=RECORDERS,
        answers=303,
    ),
    Row(route=f"GET {COURSE}/mails/carers/new", address="/courses/{course}/mails/carers/new", who=RECORDERS),
    Row(
        route=f"POST {COURSE}/mails/carers/new",
        address="/courses/{course}/mails/carers/new",
        who=RECORDERS,
        body=CARER,
        answers=303,
    ),
    Row(
        route=f"GET {COURSE}/mails/{{role}}/choice",
        address="/courses/{course}/mails/patient/choice",
        who=RECORDERS,
        shows="the patient's",
    ),
    Row(route=f"GET {COURSE}/mails/{{role}}/choice", address="/courses/{course}/mails/{carer}/choice", who=RECORDERS),
    Row(
        route=f"POST {COURSE}/mails/{{role}}/choice",
        address="/courses/{course}/mails/{carer}/choice",
        who=RECORDERS,
        body=CHOICE,
        answers=303,
    ),
    Row(
        route=f"GET {COURSE}/mails/{{role}}/withdraw",
        address="/courses/{course}/mails/{carer}/withdraw",
        who=RECORDERS,
    ),
    Row(
        route=f"POST {COURSE}/mails/{{role}}/withdraw",
        address="/courses/{course}/mails/{carer}/withdraw",
        who=RECORDERS,
        answers=303,
    ),
)
PEOPLE = (
    Row(route="GET /people", address="/people", who=ADMINS),
    Row(
        route="POST /people",
        address="/people",
        who=ADMINS,
        body={"name": "newcomer", "role": "nurse", "language": "es"},
    ),
    Row(route="POST /people", address="/people", who=ADMINS, answers=422, shows="with faults"),
    Row(route="POST /people/{user_id}/link", address="/people/{user}/link", who=ADMINS),
    Row(
        route="POST /people/{user_id}/role",
        address="/people/{user}/role",
        who=ADMINS,
        body={"role": "prescriber"},
        answers=303,
    ),
    Row(route="POST /people/{user_id}/{step}", address="/people/{user}/disable", who=ADMINS, answers=303),
    Row(route="GET /account", address="/account", who=STAFF),
    Row(
        route="POST /account",
        address="/account",
        who=STAFF,
        body={"current": "x", "new": "a long sentence", "again": "another sentence"},
        answers=422,
    ),
    Row(route="POST /account/language", address="/account/language", who=STAFF, body={"language": "es"}, answers=303),
    Row(route="POST /account/language", address="/account/language", who=STAFF, answers=422, shows="with a fault"),
    Row(route="POST /sign-out", address="/sign-out", who=STAFF, answers=303),
)
AUDITORS = frozenset({"auditor"})
CLOSURE = {"first": "2027-02-01", "last": "2027-02-03", "name": "Moving house", "step": "preview"}
SETTINGS = (
    Row(route="GET /settings", address="/settings", who=ADMINS),
    Row(route="GET /settings/mails", address="/settings/mails", who=ADMINS),
    Row(
        route="GET /settings/mails",
        address="/settings/mails?kind=change&language=ar",
        who=ADMINS,
        shows="from right to left",
    ),
    Row(route="GET /settings/tokens", address="/settings/tokens", who=ADMINS),
    Row(
        route="POST /settings/tokens",
        address="/settings/tokens",
        who=ADMINS,
        body={"program": "{fresh}", "role": "nurse", "step": "make"},
    ),
    Row(route="POST /settings/tokens", address="/settings/tokens", who=ADMINS, answers=422, shows="with faults"),
    Row(
        route="POST /settings/tokens/revoke",
        address="/settings/tokens/revoke",
        who=ADMINS,
        body={"program": "{api_token}"},
        answers=303,
    ),
    Row(route="GET /settings/{group}", address="/settings/patients", who=ADMINS),
    Row(route="GET /settings/{group}", address="/settings/days", who=ADMINS, shows="opening days"),
    Row(route="GET /settings/{group}", address="/settings/closures", who=ADMINS, shows="closures"),
    Row(route="GET /settings/{group}", address="/settings/times", who=ADMINS, shows="times"),
    Row(route="GET /settings/{group}", address="/settings/reminders", who=ADMINS, shows="reminders"),
    Row(route="GET /settings/{group}", address="/settings/regimens", who=ADMINS, shows="regimens"),
    Row(route="POST /settings/{group}", address="/settings/closures", who=ADMINS, body=CLOSURE),
    Row(route="POST /settings/{group}", address="/settings/patients", who=ADMINS, answers=422, shows="with faults"),
    Row(
        route="POST /settings/{group}",
        address="/settings/closures",
        who=ADMINS,
        body={**CLOSURE, "step": "confirm", "seen_revision": "99"},
        answers=409,
        shows="of a stale page",
    ),
    Row(route="GET /audit", address="/audit", who=AUDITORS),
    Row(route="GET /audit", address="/audit?since=soon", who=AUDITORS, answers=422, shows="with faults"),
    Row(route="GET /audit/export.{form}", address="/audit/export.csv", who=AUDITORS, file=True),
    Row(route="POST /audit/verify", address="/audit/verify", who=AUDITORS),
)
ROWS = (*SETTINGS, *OPEN, *FOR_PATIENTS, *DAY, *STARTING, *COURSES, *RECORDING, *HANDED_OVER, *MAILS, *PEOPLE)
