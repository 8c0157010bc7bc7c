"""The windows after the last dose (rules 12 to 17; ADR 7, 8, 11, 13 and 14)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from scheduler.regimen import AUDIENCES, Statement, Unit, WindowRule
from tests.oracle_clock import Times
from tests.oracle_layout import first_held
from tests.oracle_numbers import COUNTED, Key, Laid, Numbers, later, months_after


@dataclass
class Asked:
    """Somebody whose window is asked for: an agent of the course, or one of an earlier course.

    `begins`: the civil date that whole days count from, `ended` the instant for hours; None is not known.
    """

    name: str
    rules: list[WindowRule]
    last: date | None
    begins: date | None
    ended: datetime | None

    @property
    def not_stated(self) -> bool:
        return any(rule.statement is Statement.NOT_STATED for rule in self.rules)

    @property
    def lasting(self) -> list[WindowRule]:
        return [rule for rule in self.rules if rule.statement is Statement.LASTS]

    @property
    def agreed(self) -> bool:
        return len({(rule.statement, rule.amount, rule.unit) for rule in self.rules}) < 2


@dataclass
class End:
    """When a window ends: at the end of a date, or at an instant (`until`); None is not known."""

    on: date | None
    until: datetime | None
    agent: str
    last: date | None
    verified: bool

    @property
    def order(self) -> tuple[date, bool, float]:
        return self.on or date.max, self.until is None, self.until.timestamp() if self.until else 0


def tell_windows(numbers: Numbers, sheet: list[Laid], times: dict[Key, Times]) -> list[dict[str, Any]]:
    """`agent`, `last_dose` and `verified` are lists of what may stand there: ends that are equal have several."""
    windows = []
    for audience in AUDIENCES:
        if audience in numbers.audiences:
            asked = _agents(numbers, sheet, times, audience) + _earlier(numbers, audience)
            window = _window(numbers, sheet, asked)
            if window is not None:
                shown = numbers.audiences[audience] and not numbers.pregnancy
                windows.append({"audience": audience, "kind": AUDIENCES[audience].value, "shown": shown, **window})
    return windows


def _agents(numbers: Numbers, sheet: list[Laid], times: dict[Key, Times], audience: str) -> list[Asked]:
    asked = []
    for rank, agent in enumerate(numbers.agents):
        own = [laid for laid in sheet if laid.key[2] == rank and laid.state in (*COUNTED, "held")]
        if not own:
            continue
        rules = [one for one in numbers.regimen.windows if (one.agent, one.audience) == (agent.key, audience)]
        last = max((laid for laid in own if laid.state in COUNTED), key=lambda x: (x.date, x.key), default=None)
        ended = times[last.key].end if last else None
        begins = last.date if last else None
        if agent.continuous:
            begins = ended.astimezone(numbers.zone).date() if ended else None
        day = last.date if last else None
        asked.append(Asked(agent.name, _of_place(numbers, rules), day, begins, ended))
    return asked


def _of_place(numbers: Numbers, rules: Sequence[WindowRule]) -> list[WindowRule]:
    """Those of the course's jurisdiction and those for all; of a jurisdiction that is not known, all."""
    known = {*numbers.regimen.jurisdictions, *(rule.jurisdiction for rule in numbers.regimen.windows)} - {""}
    return _for(rules, numbers.jurisdiction, known)


def _for(rules: Sequence[WindowRule], place: str, known: set[str]) -> list[WindowRule]:
    if place in known:
        return [rule for rule in rules if rule.jurisdiction in (place, "")]
    return list(rules)


def _earlier(numbers: Numbers, audience: str) -> list[Asked]:
    asked = []
    for dose in numbers.earlier:
        rules = [rule for rule in dose.windows if rule.audience == audience]
        known = {rule.jurisdiction for rule in dose.windows} - {""}
        ended = dose.ended
        begins = max(dose.on, ended.date()) if ended else dose.on
        asked.append(Asked(dose.agent_name, _for(rules, dose.jurisdiction, known), dose.on, begins, ended))
    return asked


def _window(numbers: Numbers, sheet: list[Laid], asked: list[Asked]) -> dict[str, Any] | None:
    not_stated = [one.name for one in asked if one.not_stated]
    lasting = [(one, rule) for one in asked for rule in one.lasting]
    if not not_stated and not lasting:
        return None
    ends = [_end(numbers, one, rule) for one, rule in lasting]
    held = first_held(sheet) is not None
    known = not held and not not_stated and all(end.on is not None for end in ends)
    told: dict[str, Any] = {"not_stated": not_stated, "final": known and _final(numbers, sheet)}
    if not known:
        given = [laid.date for laid in sheet if laid.state == "given"]
        last = max(given, default=None)
        return {
            **told,
            "through": None,
            "until": None,
            "last_dose": [last] if held else [],
            "agent": [],
            "verified": [],
        }
    best = [end for end in ends if end.order == max(end.order for end in ends)]
    return {
        **told,
        "through": None if best[0].until else best[0].on,
        "until": best[0].until,
        "last_dose": [end.last for end in best],
        "agent": [end.agent for end in best],
        "verified": [end.verified for end in best],
    }


def _end(numbers: Numbers, asked: Asked, rule: WindowRule) -> End:
    verified = rule.cite.verified and asked.agreed
    if rule.unit is Unit.HOURS:
        # Instants: on a clock of a zone an hour could vanish on the way.
        until = asked.ended.astimezone(UTC) + timedelta(hours=rule.amount) if asked.ended else None
        on = until.astimezone(numbers.zone).date() if until else None
        return End(on, until, asked.name, asked.last, verified)
    day = asked.begins
    if day is not None and rule.unit is Unit.MONTHS:
        day = months_after(day, rule.amount)
    elif day is not None:
        day = later(day, rule.amount * (7 if rule.unit is Unit.WEEKS else 1))
    return End(day, None, asked.name, asked.last, verified)


def _final(numbers: Numbers, sheet: list[Laid]) -> bool:
    if any(laid.state in ("planned", "held") for laid in sheet) or not all(dose.settled for dose in numbers.earlier):
        return False
    if numbers.cease is not None:
        return numbers.cease[1] != "transferred"
    open_ended = numbers.regimen.counts[numbers.intent].maximum is None
    return not open_ended or len(numbers.stopped) == len(numbers.agents)
