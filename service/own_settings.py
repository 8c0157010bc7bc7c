"""What a clinic's admin sets in the browser, over what config file and environment say. Pure.

Kept by the setting's name ("clinic.phone") in the form that config.toml has, and read by the same readers: what is
refused there is refused here, in the same words.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, time, timedelta

from scheduler.errors import Fault, FileRefused
from service.config import Settings, reader_of
from service.config_values import Closure, Unreadable
from service.safety import unreachable

# What an admin sets. All else is the operator's: addresses, secrets, the country's holidays, numbers of the watch.
OWN: dict[str, tuple[str, ...]] = {
    "clinic": (
        "name",
        "phone",
        "after_hours_phone",
        "emergency_number",
        "fever_threshold",
        "address",
        "zone",
        "opening_days",
        "closures",
        "default_at",
        "lead_minutes",
        "closed_day_policy",
        "ticks",
    ),
    "reminders": ("infusion_days_before", "task_days_before", "window_days_before", "at", "quiet"),
    "regimens": ("offered",),
}
NAMES = tuple(f"{section}.{key}" for section, keys in OWN.items() for key in keys)


def overlaid(settings: Settings, own: Mapping[str, object], *, checked: Iterable[str] = ()) -> Settings:
    """The settings with what an admin has set over them; FileRefused with every fault, its place the setting's name.

    `checked`: names that were just set. In production they must not leave patients without anybody to call.
    """
    faults: list[Fault] = []
    sections: dict[str, dict[str, object]] = {}
    for name, raw in own.items():
        section, _, key = name.partition(".")
        if name not in NAMES:
            faults.append(Fault(place=name, message="there is no such setting of a clinic's own"))
            continue
        try:
            sections.setdefault(section, {})[key] = reader_of(section, key).read(raw)
        except Unreadable as fault:
            faults.append(Fault(place=name, message=str(fault)))
    changed = {section: replace(getattr(settings, section), **values) for section, values in sections.items()}
    found = replace(settings, **changed)
    if found.server.production:
        wanted = set(checked)
        faults += [fault for fault in unreachable(found.clinic) if fault.place in wanted]
    if faults:
        raise FileRefused("settings of the clinic", tuple(faults))
    return found


def value_of(settings: Settings, name: str) -> object:
    """The value of the setting of that name."""
    section, _, key = name.partition(".")
    return getattr(getattr(settings, section), key)


def as_written(value: object) -> object:
    """The value as config.toml would hold it, so that its reader gives it again."""
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, tuple) and value and isinstance(value[0], Closure):
        return [span.text for span in closure_spans(value)]
    if isinstance(value, tuple):
        return [as_written(each) for each in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureSpan:
    """Consecutive closed days of one name."""

    first: date
    last: date
    name: str

    @property
    def text(self) -> str:
        """The span as config.toml would hold it."""
        # A name such as "to be announced" after a single date would read as the end of a span.
        short = self.first == self.last and not self.name.startswith("to ")
        days = f"{self.first}" if short else f"{self.first} to {self.last}"
        return f"{days} {self.name}"


def closure_spans(closures: Iterable[Closure]) -> tuple[ClosureSpan, ...]:
    """The closed days in spans, by their first day."""
    found: list[ClosureSpan] = []
    for each in sorted(closures, key=lambda each: (each.name, each.day)):
        last = found[-1] if found else None
        if last and last.name == each.name and each.day <= last.last + timedelta(days=1):
            found[-1] = replace(last, last=each.day)
        else:
            found.append(ClosureSpan(first=each.day, last=each.day, name=each.name))
    return tuple(sorted(found, key=lambda span: (span.first, span.last, span.name)))
