"""Two plans of one course side by side: what an entry would change, row by row."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from scheduler.dose_id import DoseId
from scheduler.plan import Advice, Cycle, Dose, Plan, Task, Window

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")
Pair = tuple[Key, Item | None, Item | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRow:
    """A dose before and after; None where the plan doesn't have it. `shift`: by how many days its date moves."""

    cycle: int
    day: int
    agent: str
    before: Dose | None
    after: Dose | None

    @property
    def shift(self) -> int | None:
        """Days from the date before to the date after; None unless it has both."""
        before = self.before.date if self.before else None
        after = self.after.date if self.after else None
        return (after - before).days if before and after else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleRow:
    """A cycle whose day 1 or length changes."""

    number: int
    before: Cycle | None
    after: Cycle | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRow:
    """A window before and after; None where the plan doesn't have it."""

    audience: str
    kind: str
    before: Window | None
    after: Window | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRow:
    """Checks that move, come or go together. `when`: before or after their dose; `day` is None at a cycle's end."""

    kinds: tuple[str, ...]
    when: str
    cycle: int
    day: int | None
    before: date | None
    after: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that differs. `same_doses`: how many doses stay as they are; `advice`: what only the later plan remarks."""

    doses: tuple[DoseRow, ...]
    cycles: tuple[CycleRow, ...]
    windows: tuple[WindowRow, ...]
    tasks: tuple[TaskRow, ...]
    advice: tuple[Advice, ...]
    same_doses: int

    def __bool__(self) -> bool:
        return bool(self.doses or self.cycles or self.windows or self.tasks)


def compare(before: Plan, after: Plan) -> Comparison:
    """What leads from the plan `before` to the plan `after`."""
    doses = tuple(_dose_rows(before, after))
    said = {(advice.code, advice.facts) for advice in before.advice}
    return Comparison(
        doses=doses,
        cycles=tuple(_cycle_rows(before, after)),
        windows=tuple(_window_rows(before, after)),
        tasks=tuple(_task_rows(before, after)),
        advice=tuple(advice for advice in after.advice if (advice.code, advice.facts) not in said),
        same_doses=len({dose.id for plan in (before, after) for dose in plan.doses()}) - len(doses),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _pairs(old: Iterable[Item], new: Iterable[Item], key: Callable[[Item], Key]) -> Iterator[Pair[Key, Item]]:
    """Each key with its item before and after: those that were there in their order, then what is new."""
    before = {key(item): item for item in old}
    after = {key(item): item for item in new}
    for each in {**before, **after}:
        yield each, before.get(each), after.get(each)


def _dose_key(dose: Dose) -> DoseId:
    return dose.id


def _cycle_key(cycle: Cycle) -> int:
    return cycle.number


def _window_key(window: Window) -> tuple[str, str]:
    return window.kind, window.audience


_TaskKey = tuple[int, int | None, str, str, int, int, str, bool]


def _task_key(task: Task) -> _TaskKey:
    return task.cycle, task.day, task.when, task.kind, task.offset_days, task.ordinal, task.agent, task.of_cycle


def _seen_of_dose(dose: Dose | None) -> object:
    return dose and (dose.date, dose.state, dose.times, dose.confirmed, dose.elsewhere)


def _seen_of_window(window: Window | None) -> object:
    return window and (window.through, window.until, window.final, window.shown, window.not_stated)


def _dose_rows(before: Plan, after: Plan) -> Iterator[DoseRow]:
    for key, old, new in _pairs(before.doses(), after.doses(), _dose_key):
        if _seen_of_dose(old) != _seen_of_dose(new):
            yield DoseRow(cycle=key.cycle, day=key.day, agent=key.agent, before=old, after=new)


def _cycle_rows(before: Plan, after: Plan) -> Iterator[CycleRow]:
    for number, old, new in _pairs(before.cycles, after.cycles, _cycle_key):
        if old is None or new is None or old.length_days != new.length_days:
            yield CycleRow(number=number, before=old, after=new)


def _window_rows(before: Plan, after: Plan) -> Iterator[WindowRow]:
    for (kind, audience), old, new in _pairs(before.windows, after.windows, _window_key):
        if _seen_of_window(old) != _seen_of_window(new):
            yield WindowRow(audience=audience, kind=kind, before=old, after=new)


def _task_rows(earlier: Plan, later: Plan) -> Iterator[TaskRow]:
    groups: dict[tuple[int, int | None, str, date | None, date | None], list[str]] = {}
    for (cycle, day, when, kind, *_), old, new in _pairs(earlier.tasks, later.tasks, _task_key):
        before, after = (task.date if task else None for task in (old, new))
        if before != after:
            groups.setdefault((cycle, day, when, before, after), []).append(kind)
    for (cycle, day, when, before, after), kinds in groups.items():
        yield TaskRow(kinds=tuple(kinds), when=when, cycle=cycle, day=day, before=before, after=after)
