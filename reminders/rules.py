"""What the clinic sends to whom: the kinds of messages, the policy, and when none may go at all. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple

from calendars.kinds import Detail
from reminders.quiet import QuietHours
from scheduler.actions import CeaseCause
from scheduler.dates import zone_of
from scheduler.events import Event, EventKind, mentions_pregnancy
from scheduler.plan import HOSPITAL_STAY, DoseState, Plan
from scheduler.regimen import WindowKind

PATIENT = "patient"
GUARDIAN = "guardian"


class Kind(StrEnum):
    """What a message is about. The first three are scheduled; a recipient gets one mail of them a day at most. A link
    to the patient's page goes when staff send it."""

    VISIT = "visit"
    CHECK = "check"
    WINDOW = "window"
    CHANGE = "change"
    LINK = "link"


# An infusion that runs on ends with a visit, and a stay begins with one. A new bag and what is done at home are tasks.
KIND_OF = {
    EventKind.INFUSION: Kind.VISIT,
    EventKind.STAY: Kind.VISIT,
    EventKind.DISCONNECT: Kind.VISIT,
    EventKind.BAG_CHANGE: Kind.CHECK,
    EventKind.CHECK: Kind.CHECK,
    EventKind.HOME: Kind.CHECK,
    EventKind.WINDOW: Kind.WINDOW,
}
DAILY = timedelta(hours=36)  # what comes again within this is a habit by then: bags of 24 hours


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPolicy:
    """What the clinic sends: days before at the hour `at`; nothing in the quiet hours. All in the reader's zone."""

    infusion_days_before: tuple[int, ...] = (3, 1)
    task_days_before: tuple[int, ...] = (1,)
    window_days_before: tuple[int, ...] = (30,)
    at: time = time(9)
    quiet: QuietHours = field(default_factory=lambda: QuietHours(start=time(20), end=time(8)))

    def days_before(self, kind: Kind) -> tuple[int, ...]:
        """How many days before an event of this kind a reminder goes, each once."""
        match kind:
            case Kind.VISIT:
                return self.infusion_days_before
            case Kind.CHECK:
                return self.task_days_before
            case Kind.WINDOW:
                # On the day itself a mail would read as "over now" (scheduling rule 18).
                return tuple(days for days in self.window_days_before if days > 0)
            case Kind.CHANGE | Kind.LINK:
                return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What a recipient wants of what the clinic sends: of each kind that is named only these days before (a change
    has 0), none if there are none. Kinds that are not named come as the clinic sends them; nothing can be added."""

    days: Mapping[Kind, tuple[int, ...]] = field(default_factory=dict)

    def wants(self, kind: Kind, days_before: int = 0) -> bool:
        """Whether a message of this kind, so many days before, is wanted."""
        return kind not in self.days or days_before in self.days[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who gets mails: a role, the zone of their wall times, their language, and what they want.

    `unsubscribed`: no mail goes, and staff phone about changes. `calendar`: visits come as calendar files, too.
    """

    role: str = PATIENT
    zone: str
    email: str = ""
    language: str = "en"
    detail: Detail = Detail.DISCREET
    choice: Choice = field(default_factory=Choice)
    unsubscribed: bool = False
    calendar: bool = False

    @property
    def is_patient(self) -> bool:
        """Whether it is the patient; all others are carers."""
        return self.role == PATIENT

    def wants(self, kind: Kind, days_before: int = 0) -> bool:
        """Whether a message of this kind may go to them."""
        return not self.unsubscribed and self.choice.wants(kind, days_before)


class Subject(NamedTuple):
    """What a message is about, whatever the revision of the event."""

    event_key: str
    kind: Kind
    offset_days: int
    recipient: str


def allowed(kind: Kind, plan: Plan) -> bool:
    """Whether messages of this kind go at all as the course stands (scheduling rule 24)."""
    cause = plan.ceased.cause if plan.ceased else None
    if cause in {CeaseCause.DEATH, CeaseCause.TRANSFERRED}:
        return False
    return cause is not CeaseCause.HOSPICE or kind in {Kind.VISIT, Kind.LINK}


def local_date(instant: datetime, zone: str) -> date:
    """The civil date in `zone` at `instant`."""
    return instant.astimezone(zone_of(zone)).date()


def is_given(event: Event, plan: Plan) -> bool:
    """Whether the event is a visit whose doses were given: there is nothing left to remind of or to move."""
    if event.kind is not EventKind.INFUSION:
        return False
    here = [dose for dose in plan.doses() if dose.id[:2] == (event.cycle, event.day)]
    visit = [dose for dose in here if not event.agents or plan.regimen.agent_of(dose.id).name in event.agents]
    return bool(visit) and all(dose.state is DoseState.GIVEN for dose in visit)


def comes_at(event: Event) -> datetime | None:
    """When a person has to be there; None for what has a date alone."""
    return event.arrival or (event.start if isinstance(event.start, datetime) else None)


def needs_no_reminder(event: Event, plan: Plan) -> bool:
    """Whether a reminder of it helps nobody: it is given, the person is in hospital then, or it goes on from the day
    before, as bags that are changed each day and what is taken at home for some days."""
    match event.kind:
        case EventKind.BAG_CHANGE:
            return _in_hospital(event, plan) or _soon_after_another(event, plan)
        case EventKind.DISCONNECT:
            return _in_hospital(event, plan)
        case EventKind.HOME:
            return _goes_on(event, plan)
        case _:
            return is_given(event, plan)


def may_know(event: Event, plan: Plan, recipient: Recipient) -> bool:
    """Whether the recipient may read of the event at all: staff's own never, what concerns reproduction the patient
    alone, and nobody after pregnancy (scheduling rules 17 and 24)."""
    if event.private or not concerns(event, recipient):
        return False
    return not (event.reproductive and mentions_pregnancy(plan))


def windows_without_end(plan: Plan, recipient: Recipient) -> tuple[WindowKind, ...]:
    """The windows of which no source says how long they last, as far as the recipient may read of them."""
    if not recipient.is_patient or mentions_pregnancy(plan):
        return ()
    return tuple(dict.fromkeys(window.kind for window in plan.windows if window.shown and window.not_stated))


def concerns(event: Event, recipient: Recipient) -> bool:
    """Whether the event can be the recipient's business: what concerns reproduction is the patient's alone."""
    return recipient.is_patient or not event.reproductive


# ---------------------------------------------------------------------------------------------------------------------


def _in_hospital(event: Event, plan: Plan) -> bool:
    stays = [task for task in plan.tasks if task.kind == HOSPITAL_STAY]
    ends = (task.date + timedelta(days=task.lasts_days - 1) for task in stays)
    return any(task.date <= event.first_date <= end for task, end in zip(stays, ends, strict=True))


def _soon_after_another(event: Event, plan: Plan) -> bool:
    """Whether the bag follows another bag, or the start of the infusion, within a day or so."""
    start = event.start
    times = [dose.times for dose in plan.doses() if (dose.cycle, dose.day) == (event.cycle, event.day) and dose.times]
    earlier = [moment for each in times for moment in (each.infusion_start, *each.bag_changes)]
    return isinstance(start, datetime) and any(timedelta() < start - moment <= DAILY for moment in earlier)


def _goes_on(event: Event, plan: Plan) -> bool:
    day_before = event.first_date - timedelta(days=1)
    return any(task.at_home and task.kind in event.checks and task.date == day_before for task in plan.tasks)
