"""Every dose on the calendar, laid out anew for every question (rule 8; ADR 7, 1 to 5)."""

from datetime import date

from tests.oracle_numbers import (
    COUNTED,
    Key,
    Laid,
    Numbers,
    cycle_count,
    days_between,
    gap_days,
    keys_of,
    later,
    set_length,
)


def lay_out(numbers: Numbers) -> list[Laid]:
    """All doses in the order of treatment; hold and cease come last."""
    sheet: list[Laid] = []
    by_rule_2 = numbers.day1
    for cycle in range(1, cycle_count(numbers) + 1):
        anchor = lay_anchor(numbers, sheet, cycle, by_rule_2)
        sheet += _lay_others(numbers, sheet, anchor)
        by_rule_2 = later(anchor.date, set_length(numbers, cycle))
    _hold_and_cease(numbers, sheet)
    return sheet


def lay_anchor(numbers: Numbers, before: list[Laid], cycle: int, by_rule_2: date) -> Laid:
    """The first agent's day 1 that neither was omitted nor is cancelled with its agent; else the first of all."""
    wanted = later(by_rule_2, numbers.delay.get(cycle, 0))
    candidates = [_lay(numbers, before, key, by_rule_2, wanted) for key in keys_of(numbers, cycle) if key[1] == 1]
    standing = [laid for laid in candidates if laid.state != "omitted" and not _ends_with_agent(numbers, laid)]
    anchor = (standing or candidates)[0]
    anchor.anchor = True
    return anchor


def find(sheet: list[Laid], key: Key) -> Laid:
    return next(laid for laid in sheet if laid.key == key)


def anchor_of(sheet: list[Laid], cycle: int) -> Laid:
    return next(laid for laid in sheet if laid.key[0] == cycle and laid.anchor)


def first_held(sheet: list[Laid]) -> Laid | None:
    return next((laid for laid in sheet if laid.state == "held"), None)


def neighbours(numbers: Numbers, sheet: list[Laid]) -> list[tuple[Laid, Laid]]:
    """Each agent's given and planned doses, one after the other in order."""
    pairs = []
    for rank in range(len(numbers.agents)):
        counted = [laid for laid in sheet if laid.state in COUNTED and laid.key[2] == rank]
        pairs += [(counted[index - 1], counted[index]) for index in range(1, len(counted))]
    return pairs


def last_dose_day(numbers: Numbers, cycle: int) -> int:
    """The highest day number, counted from the actual day 1, on which a dose of the cycle is laid out."""
    sheet = lay_out(numbers)
    first = anchor_of(sheet, cycle).date
    counted = (*COUNTED, "held")
    days = [days_between(first, x.date) + 1 for x in sheet if x.key[0] == cycle and x.state in counted]
    return max(days, default=0)


# -----------------------------------------------------------------------------------------------------------


def _lay_others(numbers: Numbers, before: list[Laid], anchor: Laid) -> list[Laid]:
    """The doses of a cycle in order, each at its offset from the actual day 1."""
    here: list[Laid] = []
    for key in keys_of(numbers, anchor.key[0]):
        if key == anchor.key:
            here.append(anchor)
            continue
        nominal = later(anchor.date, key[1] - 1)
        wanted = later(anchor.date, numbers.offset.get(key, key[1] - 1))
        laid = _lay(numbers, before + here, key, nominal, wanted)
        if key[1] < 1 and laid.pushed and laid.date >= anchor.date:
            laid.date, laid.pushed = wanted, False  # what belongs before day 1 is not pushed to it
        here.append(laid)
    return here


def _lay(numbers: Numbers, before: list[Laid], key: Key, nominal: date, wanted: date) -> Laid:
    if key in numbers.given:
        return Laid(key, nominal, numbers.given[key]["on"], pushed=False, state="given")
    if key in numbers.omitted:
        return Laid(key, nominal, wanted, pushed=False, state="omitted")
    gap = gap_days(numbers.agents[key[2]])
    own = [laid for laid in before if laid.key[2] == key[2] and laid.state != "omitted"]
    moved = wanted
    while own and days_between(own[-1].date, moved) < gap:
        moved = later(moved, 1)
    for other, record in numbers.given.items():
        if other > key and other[2] == key[2] and other[0] <= cycle_count(numbers) and record["on"] <= moved:
            moved = wanted  # nothing is pushed past a given dose
    return Laid(key, nominal, moved, pushed=moved != wanted, state="planned")


def _hold_and_cease(numbers: Numbers, sheet: list[Laid]) -> None:
    for laid in sheet:
        if laid.state != "planned":
            continue
        if _is_held(numbers, laid):
            laid.state = "held"
        if numbers.cease and (laid.state == "held" or laid.date > numbers.cease[0]):
            laid.state = "cancelled"
        if _ends_with_agent(numbers, laid):
            laid.state = "cancelled"


def _is_held(numbers: Numbers, laid: Laid) -> bool:
    return any(laid.key >= first for first in numbers.holds)


def _ends_with_agent(numbers: Numbers, laid: Laid) -> bool:
    """Whether a `cease` of its agent cancels the dose."""
    last = numbers.stopped.get(laid.key[2])
    return last is not None and laid.state != "given" and (_is_held(numbers, laid) or laid.date > last)
