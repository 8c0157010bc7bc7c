"""The same calendar as our writer makes, built with the icalendar package alone: what ours is measured against."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid5

from icalendar import Alarm, Calendar, Component, Event, Timezone, vText

from calendars.view import CalendarView, Entry
from calendars.zones import vtimezone


def render(view: CalendarView, timezone: Component | None) -> bytes:
    """The feed of `view`. `timezone`: from `timezone_of`, since the package's own definitions are an hour off."""
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//Dates//Calendar 1//EN")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("last-modified", view.stamp)
    calendar["name"] = calendar["x-wr-calname"] = vText(view.title)
    calendar.add("color", "teal")
    calendar.add("x-apple-calendar-color", "#008080")
    calendar["refresh-interval"] = vText(view.refresh, params={"VALUE": "DURATION"})
    calendar["x-published-ttl"] = vText(view.refresh)
    if timezone is not None:
        calendar.add_component(timezone)
    for entry in view.entries:
        calendar.add_component(_event(entry, view))
    body: bytes = calendar.to_ical(sorted=False)
    return body


def timezone_of(view: CalendarView) -> Component | None:
    """The definition of the view's zone as our writer has it, as a component; None in UTC."""
    if view.zone == "UTC":
        return None
    days = [entry.first_date for entry in view.entries if not entry.all_day] or [view.stamp.date()]
    lines = vtimezone(view.zone, min(days), max(days))
    return Timezone.from_ical("".join(f"{line}\r\n" for line in lines))


# ---------------------------------------------------------------------------------------------------------------------


def _event(entry: Entry, view: CalendarView) -> Event:
    event = Event()
    event.add("uid", str(entry.uid))
    event.add("dtstamp", entry.last_modified)
    event.add("last-modified", entry.last_modified)
    event.add("created", entry.created)
    event.add("sequence", entry.sequence)
    start, end = _span(entry)
    event.add("dtstart", start)
    if end != start:
        event.add("dtend", end)
    event.add("status", str(entry.status))
    event.add("transp", "OPAQUE" if entry.busy else "TRANSPARENT")
    if not entry.busy:
        event.add("x-microsoft-cdo-busystatus", "FREE")
    for name in ("summary", "description", "location"):
        if text := getattr(entry, name):
            event.add(name, text)
    for lead in entry.alarms:
        event.add_component(_alarm(entry, lead, view.wording.say("alarm")))
    return event


def _alarm(entry: Entry, lead: timedelta, text: str) -> Alarm:
    alarm = Alarm()
    alarm.add("uid", str(uuid5(entry.uid, f"alarm/{lead // timedelta(minutes=1)}")))
    alarm.add("action", "DISPLAY")
    alarm.add("trigger", -lead)
    alarm.add("description", text)
    return alarm


def _span(entry: Entry) -> tuple[date, date]:
    start, end = entry.start, entry.end
    if not (isinstance(start, datetime) and isinstance(end, datetime)):
        return start, end + timedelta(days=1)
    twice = any(each.replace(fold=0).utcoffset() != each.replace(fold=1).utcoffset() for each in (start, end))
    return (start.astimezone(UTC), end.astimezone(UTC)) if twice else (start, end)
