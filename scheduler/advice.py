"""The plan's remarks on itself (scheduling rules, Advice). It remarks; the treating team decides."""

from collections.abc import Iterator, Sequence
from datetime import date

from scheduler.actions import ResponseValue
from scheduler.advice_doses import DoseAdviser
from scheduler.advice_unverified import unverified
from scheduler.closures import Closures
from scheduler.course import ClinicRules
from scheduler.dose_id import DoseId
from scheduler.layout import Layout
from scheduler.lengths import allowed_lengths
from scheduler.meant import first_to_resume
from scheduler.numbers import Numbers
from scheduler.plan import Advice, DoseState, Severity, Suggestion, Task, Window
from scheduler.remarks import cited, remark
from scheduler.visits import Visits
from scheduler.why import day_text

ON_HOLD_DAYS = (7, 14, 28)


def advice(  # noqa: PLR0917 - all that a plan can remark on
    numbers: Numbers,
    layout: Layout,
    times: Visits,
    windows: tuple[Window, ...],
    tasks: Sequence[Task],
    clinic: ClinicRules,
    today: date,
) -> tuple[Advice, ...]:
    """All remarks on the plan as seen on `today`, those of the course first, then by dose."""
    adviser = _Adviser(numbers, layout, clinic, today)
    doses = DoseAdviser(numbers, layout, times, Closures(numbers.absences, clinic), clinic.closed_day_policy, today)
    found = [
        *adviser.on_course(),
        *unverified(numbers, layout, windows, tasks),
        *adviser.on_hold(),
        *adviser.on_cycles(),
        *doses.remarks(),
    ]
    return tuple(sorted(found, key=lambda one: (one.cycle or 0, one.day or 0)))


# ---------------------------------------------------------------------------------------------------------------------


class _Adviser:
    """What concerns the course as a whole, and its cycles."""

    def __init__(self, numbers: Numbers, layout: Layout, clinic: ClinicRules, today: date) -> None:
        self._numbers = numbers
        self._regimen = numbers.regimen
        self._layout = layout
        self._clinic = clinic
        self._today = today

    def on_course(self) -> Iterator[Advice]:
        yield from self._number_of_cycles()
        yield from self._review()
        yield from self._updated()

    def _number_of_cycles(self) -> Iterator[Advice]:
        count = len(self._layout.day1s)
        maximum = self._regimen.counts[self._numbers.intent].maximum
        if maximum is None:
            yield from self._run_out(count)
        elif count > maximum:
            sentence = f"The course has {count} cycles, and the regimen names {maximum} at most"
            message = cited(sentence, self._regimen.counts_cite)
            yield remark("too-many-cycles", Severity.WARN, message, facts=f"{count}>{maximum}")

    def _run_out(self, count: int) -> Iterator[Advice]:
        """An open-ended treatment goes on until it is ceased, and is planned only some cycles ahead."""
        numbers = self._numbers
        ceased = numbers.cease is not None or len(numbers.ceases) == len(self._regimen.agents)
        if not ceased and self._today >= self._layout.day1s[-1]:
            message = f"Cycle {count} is the last one planned; record more cycles, or that treatment ceases"
            yield remark("cycles-run-out", Severity.NOTE, message, facts=f"{count}")

    def _review(self) -> Iterator[Advice]:
        review = self._regimen.review
        if review is None:
            return
        after = review.after_cycle
        if len(self._layout.day1s) <= after or self._today < self._layout.day1s[after]:
            return
        best = self._numbers.responses.values()
        answered = ResponseValue.CR in best or ResponseValue.CRI in best
        planned = (slot for slot in self._layout.slots if slot.state is DoseState.PLANNED)
        if answered or not any(slot.id.cycle > after for slot in planned):
            return
        what = (
            "no CR or CRi is recorded in the reviews so far" if best else "no result of a response review is recorded"
        )
        sentence = f"Cycle {after} has ended and {what}; the prescriber decides whether to go on"
        yield remark("review-response", Severity.WARN, cited(sentence, review.cite), facts=str(sorted(best)))

    def _updated(self) -> Iterator[Advice]:
        newest = self._clinic.newest
        if newest is not None and newest.version != self._regimen.version:
            message = f"The regimen has a newer version, {newest.version}; this course follows {self._regimen.version}"
            yield remark("regimen-updated", Severity.NOTE, message, facts=newest.version)

    def on_hold(self) -> Iterator[Advice]:
        held = [slot for slot in self._layout.slots if slot.state is DoseState.HELD]
        if not held:
            return
        hold = self._numbers.holds[0]
        days = (self._today - hold.on).days
        reached = [limit for limit in ON_HOLD_DAYS if days >= limit]
        if reached:
            message = f"On hold since {day_text(hold.on)}, {days} days: resume, omit or cease when the team has decided"
            severity = Severity.NOTE if reached == [ON_HOLD_DAYS[0]] else Severity.WARN
            first = first_to_resume(held).id
            suggest = Suggestion(kind="resume", cycle=first.cycle, day=first.day)
            dose = DoseId(hold.cycle, hold.day)
            yield remark("on-hold", severity, message, dose=dose, suggest=suggest, facts=f"{hold.on} {reached[-1]}")

    def on_cycles(self) -> Iterator[Advice]:
        day1s = self._layout.day1s
        for cycle, day1 in enumerate(day1s, start=1):
            length = (day1s[cycle] - day1).days if cycle < len(day1s) else self._numbers.length(cycle)
            template = self._regimen.template(cycle)
            if not template.shortest <= length <= template.longest:
                sentence = f"Cycle {cycle} lasts {length} days; the regimen allows {allowed_lengths(template)}"
                message = cited(sentence, template.cite)
                yield remark("cycle-length-departs", Severity.NOTE, message, cycle=cycle, facts=f"{length}")
