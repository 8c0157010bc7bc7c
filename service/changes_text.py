"""What an action changes, as lines for people and as JSON: events, windows, notices."""

from collections.abc import Iterator
from datetime import date, datetime

from scheduler.changes import Changes
from scheduler.events import Event
from scheduler.plan import Plan, Window


def changes_lines(changes: Changes) -> list[str]:
    """One line for each event that moves, is added, changes otherwise, or is cancelled."""
    return [
        *(f"moved      {new.key}: {moment(old.start)} -> {moment(new.start)}" for old, new in changes.moved),
        *(f"added      {event.key}: {moment(event.start)}" for event in changes.added),
        *(f"changed    {new.key}: {moment(new.start)}" for _, new in changes.altered),
        *(f"cancelled  {event.key}: {moment(event.start)}" for event in changes.cancelled),
    ]


def changes_json(changes: Changes) -> dict[str, object]:
    """The same as plain values."""
    return {
        "moved": [_event(new) | {"from": old.start.isoformat()} for old, new in changes.moved],
        "added": [_event(event) for event in changes.added],
        "changed": [_event(new) for _, new in changes.altered],
        "cancelled": [_event(event) for event in changes.cancelled],
    }


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
    return {"through": through, "final": window.final, "shown": window.shown}


def _until(window: Window | None) -> str:
    if window is None:
        return "none"
    if window.through is None:
        return "no date while on hold"
    return f"at least until {window.through}" + ("" if window.final else " (may move later)")
