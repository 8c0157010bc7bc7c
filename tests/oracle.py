"""A slow second opinion on the dates of an inotuzumab ozogamicin course.

Written from the scheduling rules alone, for plain data, and without a look at the scheduler: where the two
agree, two readers of the rules agree. Nothing here is clever on purpose. Days are counted by walking over
them, months by watching firsts of the month go by, and the calendar is laid out again for every question.

`advice` holds the remarks that the rules demand, `advice_open` those that they neither demand nor exclude: a
plan's remarks of the codes in `JUDGED_ADVICE` must include all of the first and may add only from the second.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

Key = tuple[int, int]  # cycle, day
Remark = tuple[str, int | None, int | None]  # code, cycle, day
Closed = Callable[[date], bool]

# Label of inotuzumab ozogamicin as `domain.md` gives it; the names of the numbers are those of the rules.
REGIMEN = "inotuzumab-ozogamicin"
REGIMEN_DAYS = (1, 8, 15)
MIN_GAP_DAYS = 6
TOLERANCE_DAYS = 2
LATE_DAYS = 7
INFUSION = timedelta(minutes=60)
OBSERVATION = timedelta(minutes=60)
USUAL_CYCLES = {"continue": 6, "transplant": 2}
MOST_CYCLES = {"continue": 6, "transplant": 3}
REVIEW_CYCLE = {"continue": 3, "transplant": 2}
WINDOWS = {
    "can-become-pregnant": ("contraception", 8),
    "partner-can-become-pregnant": ("contraception", 5),
    "breastfeeding": ("breastfeeding", 2),
}
LIVER_WATCH_WEEKS = 8

ONE_DAY = timedelta(days=1)
SCOPES = ("dose", "cycle", "course")
HOLD_CAUSES = ("counts", "liver", "toxicity", "infection", "patient", "clinic", "pregnancy")
CEASE_CAUSES = (
    "completed",
    "no-response",
    "toxicity",
    "transplant",
    "patient-choice",
    "pregnancy",
    "transferred",
    "hospice",
    "death",
    "other",
)
# kind: (fields that it must have, fields that it may have)
FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "given": (("cycle", "day", "on"), ("started", "ended", "tolerated", "complete", "elsewhere")),
    "defer": (("cycle", "day", "to"), ("scope",)),
    "hold": (("cycle", "day", "on", "cause"), ()),
    "resume": (("cycle", "day", "on"), ()),
    "omit": (("cycle", "day"), ()),
    "cycle-length": (("cycle", "days"), ()),
    "days": (("cycle", "days"), ()),
    "cycles": (("count",), ()),
    "intent": (("value",), ()),
    "response": (("cycle", "value"), ()),
    "time": (("at",), ("cycle", "day")),
    "audience": (("value",), ("change",)),
    "away": (("from", "to"), ()),
    "cease": (("on", "cause"), ()),
    "regimen": (("version",), ()),
    "void": (("action",), ()),
}
ANY_ACTION = ("kind", "reason", "replaces")
AFTER_CEASE = ("response", "audience", "given", "omit")
JUDGED_ADVICE = (
    "moved-to-keep-gap",
    "gap-too-short",
    "outside-tolerance",
    "overdue",
    "cycle-length-departs",
    "too-many-cycles",
    "late-omit",
    "long-interruption",
)


class OracleRejected(Exception):
    """Action `number` (from 1; 0 is the course itself) is impossible."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"action {number}: {why}")
        self.number = number
        self.why = why


class OracleNeedsReason(Exception):
    """Action `number` is possible, but only with a reason, and it has none."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(f"action {number} needs a reason: {why}")
        self.number = number
        self.why = why


@dataclass
class Numbers:
    """What the actions leave behind: numbers of days, never laid-out dates (rule 8)."""

    day1: date
    zone: ZoneInfo
    at: str
    intent: str
    count: int | None
    audiences: dict[str, bool]  # name: shown
    length: dict[int, int] = field(default_factory=dict)
    delay: dict[int, int] = field(default_factory=dict)
    offset: dict[Key, int] = field(default_factory=dict)
    given: dict[Key, dict[str, Any]] = field(default_factory=dict)
    omitted: set[Key] = field(default_factory=set)
    holds: list[Key] = field(default_factory=list)
    days: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    times: list[tuple[Key | None, str, frozenset[Key]]] = field(default_factory=list)  # whose, hour, given then
    away: list[tuple[date, date]] = field(default_factory=list)
    cease: tuple[date, str] | None = None
    pregnancy: bool = False

    def copy(self) -> "Numbers":
        twin = Numbers(**vars(self))
        for name, value in vars(self).items():
            if isinstance(value, dict | set | list):
                setattr(twin, name, value.copy())
        return twin


@dataclass
class Laid:
    """One dose on the calendar."""

    key: Key
    nominal: date
    date: date
    pushed: bool
    state: str


@dataclass
class Step:
    """One action on its way in: what stood before it, what stands after it, why it would need a reason."""

    number: int
    action: dict[str, Any]
    today: date
    versions: Collection[str]
    before: Numbers
    after: Numbers
    sheet: list[Laid]
    last: bool  # the action that comes in now, not one that is taken once more
    reasons: list[str] = field(default_factory=list)

    def refuse(self, why: str) -> NoReturn:
        raise OracleRejected(self.number, why)

    def one_of(self, name: str, allowed: Iterable[str]) -> str:
        value = self.action[name]
        if value not in allowed:
            self.refuse(f"unknown {name} {value!r}")
        return str(value)

    def cycle(self) -> int:
        cycle = self.action["cycle"]
        if not isinstance(cycle, int) or not 1 <= cycle <= cycle_count(self.before):
            self.refuse(f"the plan has no cycle {cycle}")
        return cycle

    def dose(self) -> Laid:
        key = (self.cycle(), self.action["day"])
        found = [laid for laid in self.sheet if laid.key == key]
        if not found:
            self.refuse(f"the plan has no day {key[1]} in cycle {key[0]}")
        return found[0]


def weekend_is_closed(day: date) -> bool:
    return day.strftime("%a") in ("Sat", "Sun")


def plan(
    course: dict[str, Any],
    today: date,
    closed: Closed = weekend_is_closed,
    *,
    versions: Collection[str] = ("1",),
) -> dict[str, Any]:
    """The plan of a parsed course file. `versions`: what a `regimen` action may name."""
    numbers = _blank(course)
    actions = list(course.get("actions", []))
    for number in range(1, len(actions) + 1):
        numbers = _take(course, actions[:number], numbers, today, versions)
    return describe(numbers, today, closed)


def start(course: dict[str, Any]) -> Numbers:
    """The course before its first action; for building a course action by action with `extend`."""
    return _blank(course)


def extend(course: dict[str, Any], before: Numbers, today: date, *, versions: Collection[str] = ("1",)) -> Numbers:
    """What stands after the last action of `course`, where `before` stood after the last but one."""
    return _take(course, list(course["actions"]), before, today, versions)


# -- The order of things ------------------------------------------------------------------------------------


def _blank(course: dict[str, Any]) -> Numbers:
    if course["regimen"] != REGIMEN:
        raise OracleRejected(0, "this oracle knows one regimen")
    intent = course.get("intent", "continue")
    count = course.get("cycles")
    if intent not in USUAL_CYCLES or (count is not None and count < 1):
        raise OracleRejected(0, "unknown intent or number of cycles")
    if count is not None and count > MOST_CYCLES[intent] and not _has_reason(course):
        raise OracleNeedsReason(0, "more cycles than the regimen allows")
    audiences = {}
    for text in course.get("audiences", []):
        name, _, privacy = text.partition(":")
        if name not in WINDOWS or privacy not in ("", "private"):
            raise OracleRejected(0, f"unknown audience {text}")
        audiences[name] = privacy == ""
    return Numbers(course["day1"], ZoneInfo(course["zone"]), course["at"], intent, count, audiences)


def _take(
    course: dict[str, Any],
    actions: list[dict[str, Any]],
    numbers: Numbers,
    today: date,
    versions: Collection[str],
) -> Numbers:
    """The last of `actions` comes in; `numbers` is what the others left."""
    number = len(actions)
    action = actions[-1]
    _check_fields(number, action)
    voided = _names_to_void(action)
    reasons: list[str] = []
    if voided:
        standing = _standing(actions[:-1])
        for name in voided:
            if name not in standing:
                raise OracleRejected(number, f"there is no standing action {name}")
        numbers, reasons = _again(course, actions, today, versions)
    if action["kind"] == "void":
        return numbers
    if _place(actions, number) == number:
        numbers, reasons = _apply(number, action, numbers, today, versions)
    if reasons and not _has_reason(action):
        raise OracleNeedsReason(number, "; ".join(reasons))
    return numbers


def _again(
    course: dict[str, Any], actions: list[dict[str, Any]], today: date, versions: Collection[str]
) -> tuple[Numbers, list[str]]:
    """All that still stands, taken once more from the blank course, without the last action if its place is the last.

    Also why the last action needs a reason, where it was taken at an earlier place.
    """
    numbers = _blank(course)
    asked: list[str] = []
    for number in sorted(_standing(actions), key=lambda number: (_place(actions, number), number)):
        action = actions[number - 1]
        if action["kind"] == "void" or number == len(actions) == _place(actions, number):
            continue
        try:
            last = number == len(actions)
            numbers, reasons = _apply(number, action, numbers, today, versions, last=last)
        except OracleRejected as rejected:
            raise OracleRejected(len(actions), f"then {rejected}") from rejected
        asked = reasons if last else asked
    return numbers, asked


def _place(actions: list[dict[str, Any]], number: int) -> int:
    """Where an action counts: a `given` that corrects one of the same dose counts where that one stood."""
    action = actions[number - 1]
    if action["kind"] != "given" or "replaces" not in action:
        return number
    corrected = actions[action["replaces"] - 1]
    same = all(corrected.get(name) == action[name] for name in ("kind", "cycle", "day"))
    return _place(actions, action["replaces"]) if same else number


def _names_to_void(action: dict[str, Any]) -> list[int]:
    names = [action["action"]] if action["kind"] == "void" else []
    return names + ([action["replaces"]] if "replaces" in action else [])


def _standing(actions: list[dict[str, Any]]) -> set[int]:
    """From the last to the first: an action stands unless a later one that stands voids it."""
    standing: set[int] = set()
    for number in range(len(actions), 0, -1):
        later = [actions[other - 1] for other in standing]
        if not any(number in _names_to_void(action) + _replaced_long_ago(actions, action) for action in later):
            standing.add(number)
    return standing


def _replaced_long_ago(actions: list[dict[str, Any]], action: dict[str, Any]) -> list[int]:
    """What the action that this one replaces had replaced, and what that one had, and so on."""
    replaced = actions[action["replaces"] - 1] if "replaces" in action else {}
    return [replaced["replaces"], *_replaced_long_ago(actions, replaced)] if "replaces" in replaced else []


def _check_fields(number: int, action: dict[str, Any]) -> None:
    kind = action.get("kind")
    if kind not in FIELDS:
        raise OracleRejected(number, f"unknown kind {kind!r}")
    must, may = FIELDS[kind]
    for name in must:
        if name not in action:
            raise OracleRejected(number, f"{kind} lacks {name}")
    for name in action:
        if name not in must + may + ANY_ACTION:
            raise OracleRejected(number, f"{kind} has no field {name}")


def _has_reason(thing: dict[str, Any]) -> bool:
    return bool(str(thing.get("reason", "")).strip())


def _apply(
    number: int,
    action: dict[str, Any],
    numbers: Numbers,
    today: date,
    versions: Collection[str],
    *,
    last: bool = True,
) -> tuple[Numbers, list[str]]:
    step = Step(number, action, today, versions, numbers, numbers.copy(), lay_out(numbers), last)
    if numbers.cease is not None and action["kind"] not in AFTER_CEASE:
        step.refuse("the treatment has ceased")
    EFFECTS[action["kind"]](step)
    return step.after, step.reasons


# -- Laying out the calendar --------------------------------------------------------------------------------


def cycle_count(numbers: Numbers) -> int:
    if numbers.count is not None:
        return numbers.count
    return max([USUAL_CYCLES[numbers.intent], *(cycle for cycle, _ in numbers.given)])


def days_of(numbers: Numbers, cycle: int) -> list[int]:
    days: tuple[int, ...] = REGIMEN_DAYS
    for from_cycle, only in numbers.days:
        if from_cycle <= cycle:
            days = only
    return sorted({*days, *(day for c, day in numbers.given if c == cycle)})


def set_length(numbers: Numbers, cycle: int) -> int:
    return numbers.length.get(cycle, 21 if cycle == 1 else 28)


def allowed_length(cycle: int, days: int) -> bool:
    return 21 <= days <= 28 if cycle == 1 else days == 28


def lay_out(numbers: Numbers) -> list[Laid]:
    """Every dose in (cycle, day) order, laid out anew (rule 8); hold and cease come last."""
    sheet: list[Laid] = []
    actual = numbers.day1
    for cycle in range(1, cycle_count(numbers) + 1):
        for day in days_of(numbers, cycle):
            if day == 1:
                nominal = numbers.day1 if cycle == 1 else walk(actual, set_length(numbers, cycle - 1))
                wanted = walk(nominal, numbers.delay.get(cycle, 0))
            else:
                nominal = walk(actual, day - 1)
                wanted = walk(actual, numbers.offset.get((cycle, day), day - 1))
            laid = _lay(numbers, sheet, (cycle, day), nominal, wanted)
            sheet.append(laid)
            if day == 1:
                actual = laid.date
    _hold_and_cease(numbers, sheet)
    return sheet


def _lay(numbers: Numbers, sheet: list[Laid], key: Key, nominal: date, wanted: date) -> Laid:
    if key in numbers.given:
        return Laid(key, nominal, numbers.given[key]["on"], pushed=False, state="given")
    if key in numbers.omitted:
        return Laid(key, nominal, wanted, pushed=False, state="omitted")
    before = [laid for laid in sheet if laid.state != "omitted"]
    moved = wanted
    while before and count_days(before[-1].date, moved) < MIN_GAP_DAYS:
        moved += ONE_DAY
    for later, record in numbers.given.items():
        if later > key and later[0] <= cycle_count(numbers) and record["on"] <= moved:
            moved = wanted  # nothing is pushed past a given dose
    return Laid(key, nominal, moved, pushed=moved != wanted, state="planned")


def _hold_and_cease(numbers: Numbers, sheet: list[Laid]) -> None:
    for laid in sheet:
        if laid.state != "planned":
            continue
        if any(laid.key >= first for first in numbers.holds):
            laid.state = "held"
        if numbers.cease and (laid.state == "held" or laid.date > numbers.cease[0]):
            laid.state = "cancelled"


def find(sheet: list[Laid], key: Key) -> Laid:
    return next(laid for laid in sheet if laid.key == key)


def first_held(sheet: list[Laid]) -> Key | None:
    return next((laid.key for laid in sheet if laid.state == "held"), None)


def intended_length(numbers: Numbers, cycle: int) -> int:
    """L with the delay of the next day 1: the length that people asked for, before any push."""
    following = numbers.delay.get(cycle + 1, 0) if cycle < cycle_count(numbers) else 0
    return set_length(numbers, cycle) + following


def last_dose_day(numbers: Numbers, cycle: int) -> int:
    """The highest day number, counted from the actual day 1, on which a dose of the cycle is laid out."""
    sheet = lay_out(numbers)
    first = find(sheet, (cycle, 1)).date
    counted = ("given", "planned", "held")
    days = [count_days(first, x.date) + 1 for x in sheet if x.key[0] == cycle and x.state in counted]
    return max(days, default=0)


# -- What each action does ----------------------------------------------------------------------------------


def _given(step: Step) -> None:
    laid = step.dose()
    on: date = step.action["on"]
    _refuse_impossible_given(step, laid, on)
    step.after.given[laid.key] = step.action
    visit = _real_visit(step.after, laid.key, step.action, step.number)
    if visit[1] < visit[0]:
        step.refuse("it ended before it started")
    if visit[1] - visit[0] > INFUSION + timedelta(hours=24):
        step.refuse("the end lies more than a day beyond the planned length")
    if step.action.get("complete") is False:
        step.reasons.append("an incomplete dose")
    if laid.key == (1, 1) and on < laid.date:
        step.reasons.append("the course starts before its planned day 1")
    if laid.state == "held" or on != laid.date:
        _ask_about_given(step, laid, on)


def _refuse_impossible_given(step: Step, laid: Laid, on: date) -> None:
    if laid.state in ("given", "omitted"):
        step.refuse(f"this dose is {laid.state} already")
    if on > step.today:
        step.refuse("this day has not come yet")
    if step.before.cease and on > step.before.cease[0]:
        step.refuse("the treatment had ceased by then")
    for other in step.sheet:
        if other.state == "given" and other.key < laid.key and on <= other.date:
            step.refuse(f"the earlier dose {other.key} was given on {other.date}")
        if other.state == "given" and other.key > laid.key and on >= other.date:
            step.refuse(f"the later dose {other.key} was given on {other.date}")
        if other.state == "planned" and other.key < laid.key and other.date <= on:
            step.refuse(f"the dose {other.key} is still planned on {other.date}")
        if other.key == (1, 1) and laid.key != (1, 1) and other.state in ("planned", "held", "cancelled"):
            step.refuse("the first dose of all was not given yet")


def _ask_about_given(step: Step, laid: Laid, on: date) -> None:
    if laid.key[1] != 1 and abs(count_days(laid.nominal, on)) > TOLERANCE_DAYS:
        step.reasons.append("outside tolerance")
    if any(laid.key in pair for pair in _too_close(lay_out(step.after))):
        step.reasons.append("too close to the dose before or after")


def _too_close(sheet: list[Laid]) -> list[tuple[Key, Key]]:
    """Neighbours in (cycle, day) order among given and planned doses that do not keep the gap."""
    counted = [laid for laid in sheet if laid.state in ("given", "planned")]
    pairs = []
    for index in range(1, len(counted)):
        first, second = counted[index - 1], counted[index]
        if count_days(first.date, second.date) < MIN_GAP_DAYS:
            pairs.append((first.key, second.key))
    return pairs


def _defer(step: Step) -> None:
    laid = step.dose()
    to: date = step.action["to"]
    cycle, day = laid.key
    if laid.state in ("given", "omitted", "cancelled"):
        step.refuse(f"this dose is {laid.state}")
    if "scope" in step.action:
        step.one_of("scope", SCOPES)
    scope = step.action.get("scope", "course" if day == 1 else "dose")
    if day == 1 and scope != "course":
        step.refuse("a day 1 moves its whole course")
    _refuse_short_gap(step, laid, to)
    _shift(step, laid, to, scope)
    changed = cycle if day != 1 else cycle - 1
    if changed >= 1:
        _refuse_length(step, changed)
    if day != 1:
        late = count_days(laid.nominal, to)
        if abs(late) > TOLERANCE_DAYS or late >= LATE_DAYS:
            step.reasons.append("outside tolerance")
    _ask_about_lengths(step)


def _refuse_short_gap(step: Step, laid: Laid, to: date) -> None:
    before = [other for other in step.sheet if other.key < laid.key and other.state in ("given", "planned")]
    if before and count_days(before[-1].date, to) < MIN_GAP_DAYS:
        step.refuse(f"the dose before lies on {before[-1].date}")
    for other in step.sheet:
        if other.state == "given" and other.key > laid.key and count_days(to, other.date) < MIN_GAP_DAYS:
            step.refuse(f"the dose {other.key} was given on {other.date}")


def _shift(step: Step, laid: Laid, to: date, scope: str) -> None:
    cycle, day = laid.key
    numbers = step.after
    if day == 1:
        numbers.delay[cycle] = count_days(laid.nominal, to)
        return
    moved_by = count_days(laid.date, to)
    numbers.offset[laid.key] = count_days(find(step.sheet, (cycle, 1)).date, to)
    if scope in ("cycle", "course"):
        for other in REGIMEN_DAYS:
            if other > day:
                numbers.offset[cycle, other] = numbers.offset.get((cycle, other), other - 1) + moved_by
    if scope == "course":
        numbers.length[cycle] = set_length(numbers, cycle) + moved_by


def _refuse_length(step: Step, cycle: int) -> None:
    """A `defer` that changes the length of `cycle` must leave one that is possible."""
    length = intended_length(step.after, cycle)
    if length == intended_length(step.before, cycle):
        return
    if (cycle + 1, 1) in step.before.given:
        step.refuse(f"cycle {cycle} has its length: the next one has started")
    if length <= last_dose_day(step.after, cycle):
        step.refuse(f"cycle {cycle} would end before its last dose")


def _ask_about_lengths(step: Step) -> None:
    for cycle in range(1, cycle_count(step.after) + 1):
        length = intended_length(step.after, cycle)
        unchanged = length == intended_length(step.before, cycle)
        if not unchanged and (cycle + 1, 1) not in step.after.given and not allowed_length(cycle, length):
            step.reasons.append(f"cycle {cycle} lasts {length} days")


def _hold(step: Step) -> None:
    laid = step.dose()
    cause = step.one_of("cause", HOLD_CAUSES)
    if laid.state in ("given", "omitted", "cancelled"):
        step.refuse(f"this dose is {laid.state}")
    step.after.holds.append(laid.key)
    step.after.pregnancy |= cause == "pregnancy"


def _resume(step: Step) -> None:
    laid = step.dose()
    if laid.key != first_held(step.sheet):
        step.refuse("this is not the first dose on hold")
    _refuse_short_gap(step, laid, step.action["on"])
    step.after.holds.clear()
    _shift(step, laid, step.action["on"], "course")


def _omit(step: Step) -> None:
    laid = step.dose()
    cycle, day = laid.key
    if laid.state in ("given", "omitted", "cancelled"):
        step.refuse(f"this dose is {laid.state}")
    later = [other for other in step.sheet if other.key > laid.key]
    if step.before.cease is None and not any(x.state in ("planned", "given", "held") for x in later):
        step.refuse("the last dose is not omitted: the course ends with `cease`")
    if day == 1:
        if any(other.key[0] == cycle and other.state == "planned" for other in later):
            step.refuse("a later dose of this cycle is planned")
        step.reasons.append("a cycle without its day 1")
        step.after.delay[cycle] = count_days(laid.nominal, laid.date)
    step.after.omitted.add(laid.key)


def _cycle_length(step: Step) -> None:
    cycle = step.cycle()
    if (cycle + 1, 1) in step.before.given:
        step.refuse(f"cycle {cycle} has its length: the next one has started")
    if step.action["days"] <= last_dose_day(step.before, cycle):
        step.refuse(f"cycle {cycle} would end before its last dose")
    step.after.length[cycle] = step.action["days"]
    step.after.delay.pop(cycle + 1, None)
    if not allowed_length(cycle, step.action["days"]):
        step.reasons.append(f"cycle {cycle} lasts {step.action['days']} days")


def _days(step: Step) -> None:
    days = tuple(sorted(step.action["days"]))
    if 1 not in days or len(set(days)) != len(days) or not set(days) <= set(REGIMEN_DAYS):
        step.refuse("the regimen has no such days")
    step.after.days.append((step.cycle(), days))
    step.reasons.append("fewer doses in a cycle")


def _cycles(step: Step) -> None:
    count = step.action["count"]
    if count < 1 or any(cycle > count for cycle, _ in step.before.given):
        step.refuse("a later cycle has a given dose")
    if count > MOST_CYCLES[step.before.intent]:
        step.reasons.append("more cycles than the regimen allows")
    step.after.count = count


def _intent(step: Step) -> None:
    step.after.intent = step.one_of("value", USUAL_CYCLES)


def _response(step: Step) -> None:
    step.cycle()
    step.one_of("value", ("CR", "CRi", "none"))


def _time(step: Step) -> None:
    at = step.action["at"]
    _read_clock(step.number, at)
    given = frozenset(step.before.given)
    if "cycle" not in step.action and "day" not in step.action:
        step.after.times.append((None, at, given))
        return
    if "cycle" not in step.action or "day" not in step.action:
        step.refuse("a visit is named by cycle and day")
    laid = step.dose()
    if laid.state in ("planned", "given"):
        _existing(step.number, datetime.combine(laid.date, _read_clock(step.number, at)), step.before.zone)
    step.after.times.append((laid.key, at, given))


def _audience(step: Step) -> None:
    name = step.one_of("value", WINDOWS)
    change = step.one_of("change", ("add", "remove", "private", "shown")) if "change" in step.action else "add"
    audiences = step.after.audiences
    if step.last and (change == "add") == (name in audiences):
        step.refuse("the audience is there already, or is not there")
    if change == "add":
        audiences[name] = True
    elif change == "remove":
        audiences.pop(name, None)
    elif name in audiences:
        audiences[name] = change == "shown"


def _away(step: Step) -> None:
    if step.action["to"] < step.action["from"]:
        step.refuse("an absence ends after it begins")
    step.after.away.append((step.action["from"], step.action["to"]))


def _cease(step: Step) -> None:
    on: date = step.action["on"]
    cause = step.one_of("cause", CEASE_CAUSES)
    for laid in step.sheet:
        if laid.state == "given" and laid.date > on:
            step.refuse(f"the dose {laid.key} was given on {laid.date}")
    step.after.cease = (on, cause)
    step.after.pregnancy |= cause == "pregnancy"


def _regimen(step: Step) -> None:
    step.one_of("version", step.versions)


EFFECTS: dict[str, Callable[[Step], None]] = {
    "given": _given,
    "defer": _defer,
    "hold": _hold,
    "resume": _resume,
    "omit": _omit,
    "cycle-length": _cycle_length,
    "days": _days,
    "cycles": _cycles,
    "intent": _intent,
    "response": _response,
    "time": _time,
    "audience": _audience,
    "away": _away,
    "cease": _cease,
    "regimen": _regimen,
}


# -- Hours --------------------------------------------------------------------------------------------------


def instants_of(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every instant at which clocks in the zone show `wall`: none in a gap, two in an overlap."""
    offsets = {_offset_near(wall, hours, zone) for hours in (-30, 30)}
    candidates = [wall.replace(tzinfo=UTC) - offset for offset in offsets]
    return sorted(i for i in candidates if i.astimezone(zone).replace(tzinfo=None, fold=0) == wall)


def _offset_near(wall: datetime, hours: int, zone: ZoneInfo) -> timedelta:
    offset = (wall.replace(tzinfo=UTC) + timedelta(hours=hours)).astimezone(zone).utcoffset()
    if offset is None:
        raise AssertionError
    return offset


def start_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first of two; in a gap the wall time shifted forward by the size of the gap."""
    found = instants_of(wall, zone)
    if found:
        return found[0]
    return wall.replace(tzinfo=UTC) - _offset_near(wall, -30, zone)


def hour_of(numbers: Numbers, key: Key) -> str:
    at = numbers.at
    for whose, hour, given_then in numbers.times:
        if whose == key or (whose is None and key not in given_then):
            at = hour
    return at


def visit(numbers: Numbers, laid: Laid) -> tuple[datetime, datetime, datetime]:
    """Infusion start, infusion end, observation end, as UTC instants."""
    if laid.state == "given":
        begin, end = _real_visit(numbers, laid.key, numbers.given[laid.key], 0)
    else:
        begin = _planned_start(numbers, laid.key, laid.date)
        end = begin + INFUSION
    return begin, end, end + OBSERVATION


def _planned_start(numbers: Numbers, key: Key, on: date) -> datetime:
    return start_instant(datetime.combine(on, _read_clock(0, hour_of(numbers, key))), numbers.zone)


def _real_visit(numbers: Numbers, key: Key, record: dict[str, Any], number: int) -> tuple[datetime, datetime]:
    on: date = record["on"]
    begin = _planned_start(numbers, key, on)
    if "started" in record:
        begin = _existing(number, _read_wall(number, record["started"], on), numbers.zone)[0]
    if "ended" not in record:
        return begin, begin + INFUSION
    end = _existing(number, _read_wall(number, record["ended"], on), numbers.zone)[-1]
    if "started" not in record and end <= begin:
        begin = end - INFUSION
    return begin, end


def _existing(number: int, wall: datetime, zone: ZoneInfo) -> list[datetime]:
    found = instants_of(wall, zone)
    if not found:
        raise OracleRejected(number, f"clocks never show {wall}")
    return found


def _read_wall(number: int, value: object, on: date) -> datetime:
    text = str(value).replace(" ", "T")
    day, separator, clock = text.rpartition("T")
    if not separator:
        return datetime.combine(on, _read_clock(number, clock))
    try:
        return datetime.combine(date.fromisoformat(day), _read_clock(number, clock))
    except ValueError as wrong:
        raise OracleRejected(number, f"{value!r} is no local date-time") from wrong


def _read_clock(number: int, text: object) -> time:
    parts = str(text).split(":")
    numbers = [int(part) for part in parts if len(part) == 2 and part.isdigit()]
    if len(numbers) != len(parts) or len(parts) not in (2, 3) or numbers[0] > 23 or max(numbers) > 59:
        raise OracleRejected(number, f"{text!r} is no time of day")
    return time(numbers[0], numbers[1], numbers[2] if len(numbers) > 2 else 0)


# -- Walking over days --------------------------------------------------------------------------------------


def walk(day: date, days: int) -> date:
    for _ in range(abs(days)):
        day += ONE_DAY if days > 0 else -ONE_DAY
    return day


def count_days(first: date, last: date) -> int:
    days = 0
    while first < last:
        first += ONE_DAY
        days += 1
    while first > last:
        first -= ONE_DAY
        days -= 1
    return days


def months_after(day: date, months: int) -> date:
    """The same day number that many months on; else the first of the month after (rule 13)."""
    wanted = day.day
    begun = 0
    while True:
        day += ONE_DAY
        begun += day.day == 1
        if begun > months or (begun == months and day.day == wanted):
            return day


# -- Telling ------------------------------------------------------------------------------------------------


def describe(numbers: Numbers, today: date, closed: Closed = weekend_is_closed) -> dict[str, Any]:
    sheet = lay_out(numbers)
    cycles = _tell_cycles(numbers, sheet)
    advice, advice_open = _tell_advice(numbers, sheet, cycles, today)
    return {
        "cycles": cycles,
        "windows": _tell_windows(numbers, sheet),
        "tasks": _tell_tasks(numbers, sheet, cycles, closed),
        "advice": advice,
        "advice_open": advice_open - advice,
    }


def _tell_cycles(numbers: Numbers, sheet: list[Laid]) -> list[dict[str, Any]]:
    cycles = []
    for number in range(1, cycle_count(numbers) + 1):
        first = find(sheet, (number, 1)).date
        length = set_length(numbers, number)
        if number < cycle_count(numbers):
            length = count_days(first, find(sheet, (number + 1, 1)).date)
        doses = [_tell_dose(numbers, laid) for laid in sheet if laid.key[0] == number]
        last_day = walk(first, length - 1)
        cycles.append({"number": number, "day1": first, "length_days": length, "last_day": last_day, "doses": doses})
    return cycles


def _tell_dose(numbers: Numbers, laid: Laid) -> dict[str, Any]:
    begin, end, watched = visit(numbers, laid) if laid.state in ("given", "planned") else (None, None, None)
    return {
        "cycle": laid.key[0],
        "day": laid.key[1],
        "nominal": laid.nominal,
        "date": None if laid.state == "held" else laid.date,
        "state": laid.state,
        "infusion_start": begin,
        "infusion_end": end,
        "observation_end": watched,
    }


def _last_dose(sheet: list[Laid]) -> date | None:
    """The latest given or planned date; while doses are held, the latest given one."""
    states = ("given",) if first_held(sheet) else ("given", "planned")
    return max((laid.date for laid in sheet if laid.state in states), default=None)


def _tell_windows(numbers: Numbers, sheet: list[Laid]) -> list[dict[str, Any]]:
    held = first_held(sheet) is not None
    last = _last_dose(sheet)
    if last is None and not held:
        return []
    transferred = numbers.cease is not None and numbers.cease[1] == "transferred"
    final = not transferred and not any(laid.state in ("planned", "held") for laid in sheet)
    windows = []
    for audience, (kind, months) in WINDOWS.items():
        if audience in numbers.audiences:
            windows.append(
                {
                    "audience": audience,
                    "kind": kind,
                    "last_dose": last,
                    "through": None if held or last is None else months_after(last, months),
                    "final": final,
                    "shown": numbers.audiences[audience] and not numbers.pregnancy,
                }
            )
    return windows


def _tell_tasks(
    numbers: Numbers, sheet: list[Laid], cycles: list[dict[str, Any]], closed: Closed
) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = []

    def add(kind: str, key: tuple[int | None, int | None], when: str, day: date, step: int) -> None:
        """`step` is where a closed day sends the task: to the day before, the day after, nowhere."""
        while step and (closed(day) or any(first <= day <= last for first, last in numbers.away)):
            day = walk(day, step)
        tasks.append({"kind": kind, "cycle": key[0], "day": key[1], "when": when, "date": day})

    first = next((laid.key for laid in sheet if laid.state not in ("omitted", "cancelled")), None)
    for laid in sheet:
        if laid.state == "given" or (laid.state == "planned" and numbers.cease is None):
            before = ["blood-count", "liver-tests"]
            if laid.key == first:
                before += ["ecg", "electrolytes"]
                before += ["pregnancy-test"] if "can-become-pregnant" in numbers.audiences else []
            for kind in before:
                add(kind, laid.key, "before", walk(laid.date, -1), -1)
            add("liver-tests", laid.key, "after", walk(laid.date, 1), 1)
    for cycle in cycles:
        stands = any(dose["state"] in ("given", "planned") for dose in cycle["doses"])
        if cycle["number"] == REVIEW_CYCLE[numbers.intent] and stands:
            add("response-review", (cycle["number"], None), "cycle-end", cycle["last_day"], -1)
    last = _last_dose(sheet)
    if last is not None:
        add("liver-watch", (None, None), "after", walk(last, 7 * LIVER_WATCH_WEEKS), 0)
        if numbers.cease is not None and numbers.cease[1] == "transplant":
            for week in (1, 2, 3, 4):
                add("liver-tests", (None, None), "after", walk(numbers.cease[0], 7 * week), 1)
    return tasks


def _tell_advice(
    numbers: Numbers, sheet: list[Laid], cycles: list[dict[str, Any]], today: date
) -> tuple[set[Remark], set[Remark]]:
    sure: set[Remark] = {("gap-too-short", *second) for _, second in _too_close(sheet)}
    maybe: set[Remark] = set()
    if cycle_count(numbers) > MOST_CYCLES[numbers.intent]:
        sure.add(("too-many-cycles", None, None))
    for laid in sheet:
        _remark_dose(laid, today, sure, maybe)
    _remark_long_pause(sheet, sure, maybe)
    for cycle in cycles:
        if not allowed_length(cycle["number"], cycle["length_days"]):
            following = [laid.state for laid in sheet if laid.key == (cycle["number"] + 1, 1)]
            here = [dose["state"] in ("given", "planned") for dose in cycle["doses"]]
            settled = any(here) and not {"held", "cancelled"} & set(following)
            (sure if settled else maybe).add(("cycle-length-departs", cycle["number"], None))
    return sure, maybe


def _remark_dose(laid: Laid, today: date, sure: set[Remark], maybe: set[Remark]) -> None:
    if laid.state not in ("given", "planned"):
        return
    late = count_days(laid.nominal, laid.date)
    planned = laid.state == "planned"
    if laid.pushed:
        sure.add(("moved-to-keep-gap", *laid.key))
    if planned and laid.date < today:
        sure.add(("overdue", *laid.key))
    if laid.key[1] != 1 and abs(late) > TOLERANCE_DAYS:
        sure.add(("outside-tolerance", *laid.key))
    # What was given can no longer be left out, so only a planned dose is sure to carry this.
    if laid.key[1] != 1 and late >= 7:
        (sure if planned else maybe).add(("late-omit", *laid.key))
    # Nothing was interrupted yet before the first dose.
    if late >= 14:
        (sure if planned and laid.key != (1, 1) else maybe).add(("long-interruption", *laid.key))


def _remark_long_pause(sheet: list[Laid], sure: set[Remark], maybe: set[Remark]) -> None:
    """A planned dose more than 28 days after the last given one; only the first of them is sure to say so."""
    given = [laid for laid in sheet if laid.state == "given"]
    if not given:
        return
    planned = [laid for laid in sheet if laid.state == "planned" and laid.key > given[-1].key]
    for index, laid in enumerate(planned):
        if count_days(given[-1].date, laid.date) > 28:
            (sure if index == 0 else maybe).add(("long-interruption", *laid.key))
