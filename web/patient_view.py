"""What the templates of the patient's page are filled with."""

from collections.abc import Mapping
from datetime import date
from uuid import uuid4

from babel import Locale
from markupsafe import Markup

from calendars import FORMATS
from calendars import patient_page as page
from calendars.patient_page import Stretch
from calendars.view import CalendarView
from calendars.wording import say_moment, say_zone
from reminders.rules import Kind
from scheduler.dates import parse_date
from scheduler.errors import InvalidValue
from service.loading import reminder_policy
from service.page_links import PAGE_DETAILS
from service.patient_page import PageTold
from service.tokens import form_mark
from service.wiring import App

VIEWS = ("list", "months", "picture")
MAIL_KINDS = (Kind.VISIT, Kind.CHECK, Kind.WINDOW)
CHANGE_DAY = 0  # how a change stands among the days before


def page_values(app: App, token: str, told: PageTold, asked: Mapping[str, str]) -> dict[str, object]:
    """All that the page of `told` shows, in the part and the shape that were asked for."""
    view = told.view
    if view is None:
        raise InvalidValue("page: nothing is told here", field="page")
    entry = told.next_visit
    return {
        "told": told,
        "token": token,
        "mark": form_mark(app, token),
        "request_id": uuid4().hex,
        "looked_up": say_moment(told.now, view.language),
        "next": page.visit_lines(entry, view) if entry else (),
        "doubtful": entry is not None and page.is_doubtful(view, told.now),
        "state": page.state_of_plan(view),
        "phones": tuple(page.phones(view)),
        "at_once": page.call_at_once(view),
        "windows": page.windows(view),
        "watch": page.watch(view, told.today),
        "guidance": page.guidance(view),
        "languages": [(code, _own_name(code)) for code in sorted(app.wordings)],
        "levels": [each.value for each in PAGE_DETAILS],
        "zone": say_zone(view.zone, view.language),
        "kinds": _kinds(app, told),
        "change_day": CHANGE_DAY,
        "shapes": VIEWS,
        **_dates(view, told, asked),
    }


# ---------------------------------------------------------------------------------------------------------------------


def _dates(view: CalendarView, told: PageTold, asked: Mapping[str, str]) -> dict[str, object]:
    shape = asked.get("view", "")
    shape = shape if shape in VIEWS else VIEWS[0]
    start = _start(asked.get("from", ""), told.today)
    picture, stretch = Markup(), Stretch(months=(), earlier=None, later=None)
    if shape == "picture":
        picture = Markup(FORMATS["svg"].render(view).decode())  # noqa: S704 - drawn by ourselves, its texts escaped
    else:
        stretch = page.months_from(view, start) if shape == "months" else page.list_from(view, start)
    return {"shape": shape, "dates": stretch, "picture": picture, "week": page.week(view), "today": told.today}


def _start(text: str, today: date) -> date:
    try:
        found = parse_date(text, field="from")
    except InvalidValue:
        return today
    return found if abs((found - today).days) < 20 * 366 else today  # nobody's treatment; a year 1 has no day before


def _own_name(code: str) -> str:
    return Locale.parse(code).get_display_name(code) or code


def _kinds(app: App, told: PageTold) -> list[tuple[str, list[tuple[int, bool]]]]:
    """By kind of mail the days before that the clinic sends, and whether the patient wants them."""
    policy = reminder_policy(app.settings.reminders)
    wanted = told.mails.choice if told.mails else {}
    kinds = [(kind.value, policy.days_before(kind)) for kind in MAIL_KINDS]
    kinds.append((Kind.CHANGE.value, (CHANGE_DAY,)))
    return [(kind, [(day, day in wanted.get(kind, days)) for day in days]) for kind, days in kinds if days]
