"""What an action changes, as lines for people and as JSON: events, windows, notices."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from scheduler.changes import Changes
from scheduler.events import Event
from scheduler.plan import Plan, Window


def changes_lines(changes: Changes) -> list[str]:
    """One line for each event that moves, is added, changes otherwise, or is cancelled; each group by date."""
    moved = {new.key: old for old, new in changes.moved}
    return [
        *(
            f"moved      {each.key}: {was} -> {now}"
            for each in _moved(changes)
            for was, now in [_step(moved[each.key], each)]
        ),
        *(f"added      {each.key}: {moment(each.start)}" for each in by_date(changes.added)),
        *(f"changed    {each.key}: {moment(each.start)}" for each in _altered(changes)),
        *(f"cancelled  {each.key}: {moment(each.start)}" for each in by_date(changes.cancelled)),
    ]


def changes_json(changes: Changes) -> dict[str, object]:
    """The same as plain values."""
    moved = {new.key: {"from": old.start.isoformat()} for old, new in changes.moved}
    return {
        "moved": [_event(event) | moved[event.key] for event in _moved(changes)],
        "added": [_event(event) for event in by_date(changes.added)],
        "changed": [_event(event) for event in _altered(changes)],
        "cancelled": [_event(event) for event in by_date(changes.cancelled)],
    }


def by_date(events: Iterable[Event]) -> list[Event]:
    """The events by date, those of one date by key."""
    return sorted(events, key=lambda event: (event.first_date, event.key))


def window_lines(before: Plan, after: Plan) -> list[str]:
    """One line for each window whose last day or finality changes."""
    return [
        f"window     {kind} for {audience}: {_until(old)} -> {_until(new)}"
        for (kind, audience), old, new in _windows(before, after)
    ]


def windows_json(before: Plan, after: Plan) -> list[dict[str, object]]:
    """The same as plain values."""
    return [
        {"kind": kind, "audience": audience, "before": _window(old), "after": _window(new)}
        for (kind, audience), old, new in _windows(before, after)
    ]


def moment(when: date | datetime) -> str:
    """A date with its weekday, and the wall time where there is one."""
    return f"{when:%a %Y-%m-%d %H:%M}" if isinstance(when, datetime) else f"{when:%a %Y-%m-%d}"


# ---------------------------------------------------------------------------------------------------------------------


def _step(old: Event, new: Event) -> tuple[str, str]:
    """From when to when; where only the end moves, with the end."""
    if old.start != new.start:
        return moment(old.start), moment(new.start)
    return f"{moment(old.start)} to {moment(old.end)}", f"{moment(new.start)} to {moment(new.end)}"


def _moved(changes: Changes) -> list[Event]:
    return by_date(new for _, new in changes.moved)


def _altered(changes: Changes) -> list[Event]:
    return by_date(new for _, new in changes.altered)


def _event(event: Event) -> dict[str, object]:
    return {"key": event.key, "start": event.start.isoformat(), "end": event.end.isoformat()}


def _windows(before: Plan, after: Plan) -> Iterator[tuple[tuple[str, str], Window | None, Window | None]]:
    old = {(str(window.kind), window.audience): window for window in before.windows}
    new = {(str(window.kind), window.audience): window for window in after.windows}
    for key in dict.fromkeys([*old, *new]):
        if _window(old.get(key)) != _window(new.get(key)):
            yield key, old.get(key), new.get(key)


def _window(window: Window | None) -> dict[str, object] | None:
    if window is None:
        return None
    through = window.through.isoformat() if window.through else None
    more: dict[str, object] = {"until": window.until.isoformat(timespec="seconds")} if window.until else {}
    more |= {"not_stated": list(window.not_stated)} if window.not_stated else {}
    return {"through": through, **more, "final": window.final, "shown": window.shown}


def _until(window: Window | None) -> str:
    if window is None:
        return "none"
    if window.not_stated:
        return f"no date: not stated for {', '.join(window.not_stated)}"
    end = f"{window.until:%Y-%m-%d %H:%M}" if window.until is not None else window.through
    if end is None:
        return "no date while on hold"
    return f"at least until {end}" + ("" if window.final else " (may move later)")
