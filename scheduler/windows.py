"""The windows after the last dose (scheduling rules 12 to 17): every agent is asked, the latest end counts."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from operator import attrgetter
from typing import NamedTuple

from scheduler.actions import CeaseCause
from scheduler.course import EarlierDose
from scheduler.dates import add
from scheduler.layout import Layout, Slot
from scheduler.numbers import Numbers
from scheduler.plan import DoseState, Why, Window
from scheduler.regimen import AUDIENCES, Statement, Unit, WindowRule
from scheduler.visits import Visits
from scheduler.why import LastDose, tell_window, tell_window_open


def windows(numbers: Numbers, layout: Layout, times: Visits) -> tuple[Window, ...]:
    """The windows of the course's audiences, in the order of the regimen."""
    maker = _Maker(numbers, layout, times)
    names = [name for name in numbers.regimen.audiences() if name in numbers.audiences]
    found = (maker.window(name) for name in names)
    return tuple(window for window in found if window is not None)


def last_dose(layout: Layout) -> Slot | None:
    """The anchor: the latest by date among given and planned doses."""
    return max(layout.counted, key=_DATE, default=None)


def last_given(layout: Layout) -> Slot | None:
    """The latest dose that was given."""
    given = [slot for slot in layout.slots if slot.state is DoseState.GIVEN]
    return max(given, key=_DATE, default=None)


# ---------------------------------------------------------------------------------------------------------------------


_DATE = attrgetter("date")


class _Asked(NamedTuple):
    """An agent that is asked how long a window lasts: its last dose (None: held, no date), and what is said of it."""

    last: LastDose | None
    name: str
    rules: tuple[WindowRule, ...]
    jurisdiction: str


class _Answer(NamedTuple):
    """What one agent says of an audience; no rule says nothing.

    `end` is a date or, of hours, an instant; None where it is not known.
    """

    asked: _Asked
    rule: WindowRule | None
    end: date | None
    verified: bool

    @property
    def statement(self) -> Statement:
        return Statement.NOT_STATED if self.rule is None else self.rule.statement


class _Maker:
    def __init__(self, numbers: Numbers, layout: Layout, times: Visits) -> None:
        self._numbers = numbers
        self._held = any(slot.state is DoseState.HELD for slot in layout.slots)
        self._layout = layout
        self._times = times
        own = tuple(self._own())
        self._asked = own + tuple(map(_of_earlier, numbers.course.earlier))
        self._named = len(numbers.regimen.agents) > 1 or bool(numbers.course.earlier)
        self._final = self._is_final()

    def window(self, audience: str) -> Window | None:
        """The window of an audience, or None where there is none."""
        answers = [answer for asked in self._asked for answer in self._answer(asked, audience)]
        standing = [answer for answer in answers if answer.statement is not Statement.NONE]
        if not standing:
            return None
        silent = tuple(answer.asked.name for answer in standing if answer.statement is Statement.NOT_STATED)
        unknown = next((answer for answer in standing if answer.end is None), None)
        deciding = unknown or max(standing, key=_rank)
        end = None if self._held else deciding.end
        by_instant = isinstance(end, datetime)
        return Window(
            audience=audience,
            kind=AUDIENCES[audience],
            last_dose=self._last_date(standing if silent else [deciding]),
            through=None if by_instant else end,
            until=end if isinstance(end, datetime) else None,
            final=self._final and end is not None,
            shown=not self._numbers.audiences[audience] and not self._numbers.pregnancy,
            verified=deciding.verified,
            why=self._why(deciding, silent, end),
            agent=deciding.asked.name if self._named and not silent else "",
            not_stated=silent,
        )

    def _why(self, deciding: _Answer, silent: tuple[str, ...], end: date | None) -> Why:
        last, rule = deciding.asked.last, deciding.rule
        if end is None or last is None:
            return Why(tell_window_open, rule, silent, self._held)
        return Why(tell_window, rule, last, end, deciding.asked.name if self._named else "")

    def _last_date(self, answers: Sequence[_Answer]) -> date | None:
        if self._held:
            given = last_given(self._layout)
            return given.date if given is not None else None
        return max((answer.asked.last.on for answer in answers if answer.asked.last is not None), default=None)

    def _is_final(self) -> bool:
        numbers = self._numbers
        open_doses = any(slot.state in (DoseState.PLANNED, DoseState.HELD) for slot in self._layout.slots)
        moved_away = numbers.cease is not None and numbers.cease.cause is CeaseCause.TRANSFERRED
        goes_on = numbers.regimen.counts[numbers.intent].maximum is None and not self._all_ceased()
        earlier_open = any(not earlier.settled for earlier in numbers.course.earlier)
        return not (open_doses or moved_away or goes_on or earlier_open)

    def _all_ceased(self) -> bool:
        numbers = self._numbers
        return numbers.cease is not None or len(numbers.ceases) == len(numbers.regimen.agents)

    def _own(self) -> Iterator[_Asked]:
        """The agents of the course that have a dose that counts, or one on hold."""
        numbers = self._numbers
        held = {slot.id.rank for slot in self._layout.slots if slot.state is DoseState.HELD} if self._held else ()
        for rank, agent in enumerate(numbers.regimen.ranked):
            mine = [slot for slot in self._layout.counted if slot.id.rank == rank]
            last = max(mine, key=_DATE, default=None)
            if last is not None or rank in held:
                rules = tuple(rule for rule in numbers.regimen.windows if rule.agent == agent.key)
                told = self._last_dose(last) if last is not None else None
                yield _Asked(told, agent.name, rules, numbers.course.jurisdiction)

    def _last_dose(self, slot: Slot) -> LastDose:
        times = self._times[slot.id]
        ended = times.infusion_end if times.length_known else None
        return LastDose(slot.id, slot.date, ended, times.runs_on, given=slot.state is DoseState.GIVEN)

    def _answer(self, asked: _Asked, audience: str) -> Iterator[_Answer]:
        """What an agent says of the audience; of several jurisdictions that count the one that lasts longest."""
        rules = _in_force([rule for rule in asked.rules if rule.audience == audience], asked.jurisdiction)
        same = len({(rule.statement, rule.amount, rule.unit) for rule in rules}) == 1
        answers = [_Answer(asked, rule, _end(rule, asked.last), rule.cite.verified and same) for rule in rules]
        yield max(answers, key=_rank, default=_Answer(asked, None, None, verified=False))


def _of_earlier(dose: EarlierDose) -> _Asked:
    ran_on = dose.ended is not None and dose.ended.date() > dose.on
    last = LastDose(dose, dose.on, dose.ended, ran_on, given=dose.settled)
    return _Asked(last, dose.agent_name, dose.windows, dose.jurisdiction)


def _in_force(rules: Sequence[WindowRule], jurisdiction: str) -> Sequence[WindowRule]:
    """The rules of a jurisdiction, with those for all; where there is none for it, all rules."""
    mine = [rule for rule in rules if rule.jurisdiction in ("", jurisdiction)]
    return mine or rules


def _end(rule: WindowRule, last: LastDose | None) -> date | None:
    """Where the window ends: a date, or an instant where hours are counted; None where that is not known."""
    if rule.statement is not Statement.LASTS or last is None:
        return None
    start = last.ended if rule.unit is Unit.HOURS else last.counts_from
    return add(start, rule.amount, rule.unit) if start is not None else None


_WITHOUT_END = {Statement.NONE: 0, Statement.LASTS: 2, Statement.NOT_STATED: 3}


def _rank(answer: _Answer) -> tuple[int, date, bool, float]:
    """Sorts what lasts longer last: none, then by the civil date of the end, a whole date after an hour on it."""
    end = answer.end
    if end is None:
        return _WITHOUT_END[answer.statement], date.min, False, 0
    if isinstance(end, datetime):
        return 1, end.date(), False, end.timestamp()
    return 1, end, True, 0
