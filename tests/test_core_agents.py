"""Regimens of several agents: what each reading of the decision means in dates, worked out by hand."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from scheduler import ClinicRules, Plan, Regimen, Rejected, build_plan, check_action, check_actions
from scheduler.plan import Dose
from tests.core import act, action_of, course_of
from tests.core_regimens import by_hours, made_up, prepared, trio

DAY1 = date(2027, 2, 1)  # a Monday
TODAY = date(2028, 2, 1)
Table = dict[str, Any]
Made = Callable[[], Regimen]


def plan(made: Made, *actions: Table, today: date = TODAY, **fields: Any) -> Plan:
    """The plan after these actions, each checked against those before it."""
    recorded = [action_of(action) for action in actions]
    course = course_of(fields.pop("day1", DAY1), **fields)
    check_actions(made(), course, recorded, today=today, clinic=ClinicRules())
    return build_plan(made(), course, recorded, today=today)


def refused(made: Made, *actions: Table, today: date = TODAY) -> Rejected:
    """How the last of these actions is refused."""
    *before, last = map(action_of, actions)
    check_actions(made(), course_of(DAY1), before, today=today, clinic=ClinicRules())
    with pytest.raises(Rejected) as caught:
        check_action(made(), course_of(DAY1), before, last, today=today, clinic=ClinicRules())
    return caught.value


def told(dose: Dose) -> str:
    """A dose in a word or two: its date, and how it stands if it is not planned."""
    on = f"{dose.date:%m-%d}" if dose.date else "-"
    return on if dose.state == "planned" else f"{on} {dose.state}"


def doses(found: Plan) -> dict[str, str]:
    return {str(dose.id): told(dose) for dose in found.doses()}


def expected(text: str) -> dict[str, str]:
    """Doses of a text such as "C2D1 alpha: 02-22; C2D2 gamma: 02-23 given"."""
    return dict(part.strip().split(": ") for part in text.split(";"))


def gave(dose: str, on: str, agent: str = "", **more: Any) -> Table:
    return act("given", dose, on=f"2027-{on}", **({"agent": agent} if agent else {}), **more)


def defer(dose: str, to: str, agent: str = "", **more: Any) -> Table:
    return act("defer", dose, to=f"2027-{to}", reason="r", **({"agent": agent} if agent else {}), **more)


def omit(dose: str, agent: str = "") -> Table:
    return act("omit", dose, reason="r", **({"agent": agent} if agent else {}))


def cease(on: str, agent: str = "", cause: str = "toxicity") -> Table:
    return act("cease", on=f"2027-{on}", cause=cause, **({"agent": agent} if agent else {}))


CYCLE1 = [gave("C1D1", "02-01"), gave("C1D2", "02-02"), gave("C1D8", "02-08")]

# -- Dates: made, actions, expected, reason ----------------------------------------------------------------------

DATES: list[tuple[Made, list[Table], str, str]] = [
    (
        trio,
        [],
        "C1D1 alpha: 02-01; C1D1 beta: 02-01; C1D1 gamma: 02-01; C1D2 gamma: 02-02; C1D8 gamma: 02-08; C2D1 alpha: 02-22",
        "1: the order is cycle, day, agent in the file's order",
    ),
    (
        trio,
        [gave("C1D1", "02-03")],
        "C1D1 beta: 02-03 given; C1D2 gamma: 02-04; C2D1 alpha: 02-24; C2D1 beta: 02-24; C2D8 gamma: 03-03",
        "3: an action without an agent means the whole visit, and its anchor moves all that follows",
    ),
    (
        trio,
        [gave("C1D1", "02-03", "alpha")],
        "C1D1 beta: 02-03; C1D1 gamma: 02-03; C1D2 gamma: 02-04; C2D1 alpha: 02-24",
        "2: the anchor alone moves the cycle, and what is counted from it follows",
    ),
    (
        trio,
        [gave("C1D1", "02-01", "alpha"), gave("C1D1", "02-03", "beta", reason="r")],
        "C1D1 gamma: 02-01; C2D1 alpha: 02-22; C2D1 beta: 02-23; C2D1 gamma: 02-22; C3D1 beta: 03-15",
        "1, 2: another agent's record moves no cycle; its own gap of 20 days pushes its own next dose alone",
    ),
    (
        trio,
        [defer("C2D1", "02-24", "alpha")],
        "C2D1 alpha: 02-24; C2D1 beta: 02-24; C2D8 gamma: 03-03; C3D1 alpha: 03-17",
        "3: naming the anchor moves the cycle, as a day 1 does",
    ),
    (
        trio,
        [defer("C2D1", "02-24", "beta")],
        "C2D1 alpha: 02-22; C2D1 beta: 02-24; C2D1 gamma: 02-22; C3D1 alpha: 03-15; C3D1 beta: 03-16",
        "3: another agent's dose of day 1 moves alone",
    ),
    (
        trio,
        [defer("C2D1", "02-24", "beta"), defer("C2D1", "02-25")],
        "C2D1 alpha: 02-25; C2D1 beta: 02-27; C2D1 gamma: 02-25; C3D1 alpha: 03-18",
        "3: what does not share the date of the first dose is no part of the visit, and keeps its distance from it",
    ),
    (
        trio,
        [omit("C2D1", "alpha")],
        "C2D1 alpha: 02-22 omitted; C2D1 beta: 02-22; C2D2 gamma: 02-23; C3D1 alpha: 03-15",
        "2: when the anchor is omitted the next agent in the file's order is the anchor",
    ),
    (
        trio,
        [omit("C2D1", "alpha"), defer("C2D1", "02-25", "beta")],
        "C2D1 alpha: 02-25 omitted; C2D1 beta: 02-25; C2D1 gamma: 02-25; C3D1 alpha: 03-18",
        "2: the new anchor takes the cycle along",
    ),
    (
        trio,
        [defer("C2D1", "02-24", "beta"), omit("C2D1", "alpha")],
        "C2D1 beta: 02-24; C2D1 gamma: 02-22; C2D2 gamma: 02-23; C2D8 gamma: 03-01; C3D1 alpha: 03-17",
        "3: the next anchor keeps the date that it had, nothing else of the cycle moves; the next cycle follows it",
    ),
    (
        trio,
        [defer("C2D1", "02-24", "beta"), omit("C2D1", "alpha"), act("void", action=2)],
        "C2D1 alpha: 02-22; C2D1 beta: 02-24; C2D1 gamma: 02-22; C3D1 alpha: 03-15; C3D1 beta: 03-16",
        "2: an offset counts again when its dose is not the anchor any more",
    ),
    (
        trio,
        [
            *[omit("C2D1", "alpha"), omit("C2D1", "beta"), act("hold", "C2D2", on="2027-02-01", cause="counts")],
            *[omit("C2D1", "gamma"), act("resume", "C2D2", on="2027-02-23")],
        ],
        "C2D1 alpha: 02-22 omitted; C2D2 gamma: 02-23; C3D1 alpha: 03-15",
        "2: where no agent is left, the first that has a day 1 stays the anchor",
    ),
    (
        trio,
        [cease("02-10", "alpha")],
        "C1D1 alpha: 02-01; C2D1 alpha: 02-22 cancelled; C2D1 beta: 02-22; C2D2 gamma: 02-23; C3D1 beta: 03-15",
        "2, 4: one agent is cancelled, the next one is the anchor, all others go on",
    ),
    (
        trio,
        [*CYCLE1, cease("02-10", "alpha"), gave("C2D1", "02-24", reason="r")],
        "C2D1 alpha: 02-24 cancelled; C2D1 beta: 02-24 given; C2D1 gamma: 02-24 given; C3D1 beta: 03-17",
        "3, 4: a visit after the cease is without that agent",
    ),
    (
        trio,
        [cease("02-22", "alpha"), gave("C1D1", "02-01"), gave("C2D1", "02-22", "alpha")],
        "C2D1 alpha: 02-22 given; C2D1 beta: 02-22; C3D1 alpha: 03-15 cancelled; C3D1 beta: 03-15",
        "4: what was given until then can be recorded",
    ),
    (
        trio,
        [act("hold", "C2D1", on="2027-02-20", cause="liver"), cease("02-20", "alpha")],
        "C2D1 alpha: 02-22 cancelled; C2D1 beta: - held; C2D2 gamma: - held; C3D1 beta: - held",
        "4: held doses of a ceased agent are cancelled, those of others stay on hold",
    ),
    (
        trio,
        [
            act("hold", "C2D1", on="2027-02-20", cause="liver"),
            cease("02-20", "alpha"),
            act("resume", "C2D1", on="2027-03-01"),
        ],
        "C2D1 alpha: 03-01 cancelled; C2D1 beta: 03-01; C2D2 gamma: 03-02; C3D1 beta: 03-22",
        "4: resuming names the doses that are still on hold",
    ),
    (
        trio,
        [gave("C1D1", "02-01", "alpha"), gave("C1D1", "02-01", "beta"), defer("C1D1", "02-02")],
        "C1D1 gamma: 02-02; C1D2 gamma: 02-03; C2D1 alpha: 02-22",
        "3, 10: what is left of a visit moves alone; without a gap two doses lie on different dates",
    ),
    (
        trio,
        [defer("C1D8", "02-10")],
        "C1D8 gamma: 02-10; C2D1 alpha: 02-22; C2D1 gamma: 02-22",
        "a dose of another day goes by its own rule: scope cycle, and it is the last of its cycle",
    ),
    (
        prepared,
        [],
        "C1D-1 beta: 01-30; C1D0 beta: 01-31; C1D1 alpha: 02-01; C2D-1 beta: 02-20; C2D0 beta: 02-21; C2D1 beta: 02-22",
        "5: days before day 1 lie before it; day 0 is the day before",
    ),
    (
        prepared,
        [gave("C1D-1", "01-30"), gave("C1D0", "01-31"), gave("C1D1", "02-02")],
        "C1D0 beta: 01-31 given; C1D1 alpha: 02-02 given; C2D-1 beta: 02-21; C2D1 alpha: 02-23",
        "5: they may be given before C1D1, which is not given by that",
    ),
    (
        prepared,
        [defer("C2D1", "02-25")],
        "C2D-1 beta: 02-23; C2D0 beta: 02-24; C2D1 alpha: 02-25; C2D1 beta: 02-25",
        "5: they follow day 1",
    ),
    (
        prepared,
        [act("hold", "C2D1", on="2027-02-19", cause="liver"), act("resume", "C2D1", on="2027-03-01")],
        "C2D-1 beta: 02-27; C2D0 beta: 02-28; C2D1 alpha: 03-01; C3D-1 beta: 03-20",
        "5: a resume that names day 1 includes them",
    ),
    (
        prepared,
        [act("hold", "C2D1", on="2027-02-19", cause="liver")],
        "C1D1 beta: 02-01; C2D-1 beta: - held; C2D0 beta: - held; C2D1 alpha: - held",
        "5: a hold that names day 1 includes them",
    ),
    (
        prepared,
        [omit("C2D1", "alpha"), defer("C2D0", "02-21")],
        "C2D0 beta: 02-21; C2D1 alpha: 02-22 omitted; C2D1 beta: 02-22; C3D1 alpha: 03-15",
        "5: they never push day 1, though it is the same agent's then",
    ),
    (
        prepared,
        [act("days", cycle=2, days=[0, 1], reason="r")],
        "C1D-1 beta: 01-30; C2D0 beta: 02-21; C2D1 alpha: 02-22; C3D0 beta: 03-14",
        "5: they can be left out like other days",
    ),
    (
        by_hours,
        [gave("C1D1", "02-02")],
        "C1D4: 02-05; C2D1: 02-16; C2D4: 02-19",
        "9: dates keep the days that hold the hours",
    ),
    (
        by_hours,
        [defer("C1D1", "02-03")],
        "C1D1: 02-03; C1D4: 02-06; C2D1: 02-17",
        "with one agent doses are named without it",
    ),
]


@pytest.mark.parametrize(("made", "actions", "text", "reason"), DATES, ids=[row[3] for row in DATES])
def test_the_dates_follow_the_readings(made: Made, actions: list[Table], text: str, reason: str) -> None:
    found = doses(plan(made, *actions))
    wanted = expected(text)
    assert {dose: found[dose] for dose in wanted} == wanted, reason


def test_doses_are_told_in_the_order_of_treatment() -> None:
    assert list(doses(plan(trio)))[:6] == [
        *("C1D1 alpha", "C1D1 beta", "C1D1 gamma", "C1D2 gamma", "C1D8 gamma", "C2D1 alpha"),
    ]
    assert list(doses(plan(prepared)))[:4] == ["C1D-1 beta", "C1D0 beta", "C1D1 alpha", "C1D1 beta"]


# -- Refusals: made, actions, code, field, sentence -----------------------------------------------------------------

REFUSALS: list[tuple[Made, list[Table], str, str, str]] = [
    (trio, [gave("C1D1", "02-01", "delta")], "unknown-value", "agent", "agent: 'delta' is unknown"),
    (
        by_hours,
        [gave("C1D1", "02-01", "beta")],
        "unknown-value",
        "agent",
        "agent: 'beta' is unknown; use one of: alpha",
    ),
    (
        trio,
        [gave("C1D8", "02-08", "alpha")],
        "no-such-dose",
        "agent",
        "C1D8 is not a day of alpha; name one of gamma, or none for all",
    ),
    (
        trio,
        [gave("C1D1", "02-01"), gave("C1D1", "02-02")],
        "given-already",
        "day",
        "C1D1 alpha was given on 2027-02-01",
    ),
    (
        trio,
        [gave("C1D1", "02-01", "alpha"), gave("C1D1", "02-01", "alpha")],
        "given-already",
        "day",
        "C1D1 alpha was given on 2027-02-01; void that record first",
    ),
    (
        trio,
        [gave("C1D1", "02-01", "beta"), gave("C2D1", "02-22", "beta")],
        "before-first",
        "day",
        "C2D1 beta cannot be given before C1D1; record C1D1 first",
    ),
    (
        trio,
        [gave("C1D1", "02-01"), gave("C1D8", "02-08")],
        "earlier-planned",
        "day",
        "C1D2 gamma is still planned on 2027-02-02",
    ),
    (
        trio,
        [defer("C2D1", "02-24", "beta", scope="course")],
        "bad-scope",
        "scope",
        "scope: C2D1 beta moves alone, since another dose holds day 1; leave the scope out or write 'dose'",
    ),
    (
        prepared,
        [defer("C2D0", "02-19", scope="cycle")],
        "bad-scope",
        "scope",
        "scope: C2D0 beta moves alone, since it lies before day 1; leave the scope out or write 'dose'",
    ),
    (
        prepared,
        [defer("C2D0", "02-22")],
        "after-day-1",
        "to",
        "C2D0 beta lies before day 1 of its cycle, 2027-02-22; give an earlier date, or omit it",
    ),
    (
        trio,
        [gave("C1D1", "02-01"), defer("C2D1", "02-20")],
        "gap",
        "to",
        "C2D1 alpha on 2027-02-20 is too close to C1D1 alpha; the first possible date is 2027-02-22",
    ),
    (
        trio,
        [omit("C2D1")],
        "day-1-anchors",
        "day",
        "C2D1 alpha cannot be omitted while a later dose of its cycle is planned; hold or defer",
    ),
    (
        trio,
        [omit("C3D8")],
        "last-dose",
        "day",
        "C3D8 gamma is the last dose of the course and cannot be omitted; record that treatment ceases instead",
    ),
    (
        trio,
        [gave("C1D1", "02-01"), cease("01-31", "alpha")],
        "given-after",
        "on",
        "C1D1 alpha was given on 2027-02-01, after 2027-01-31; give that date or a later one",
    ),
    (
        trio,
        [cease("02-10", "alpha", "death")],
        "not-one-agent",
        "agent",
        "cause: 'death' concerns the patient, not alpha alone; leave the agent out",
    ),
    (
        trio,
        [cease("02-10", "alpha"), defer("C2D1", "02-24", "alpha")],
        "ceased",
        "agent",
        "alpha was ceased on 2027-02-10, so defer cannot be recorded for it; void the cease first",
    ),
    (
        trio,
        [gave("C1D1", "02-01"), cease("02-10", "alpha"), gave("C2D1", "02-22", "alpha")],
        "ceased",
        "agent",
        "alpha was ceased on 2027-02-10, so given cannot be recorded for it; void the cease first",
    ),
    (trio, [cease("02-10", "alpha"), cease("02-11", "alpha")], "ceased", "agent", "alpha was ceased on 2027-02-10"),
    (
        trio,
        [cease("02-10", "gamma"), act("hold", "C2D2", on="2027-02-20", cause="liver")],
        "cancelled-already",
        "day",
        "cannot hold C2D2 gamma: it is cancelled, since treatment was ceased; void the cease first",
    ),
    (
        prepared,
        [act("hold", "C2D1", on="2027-02-19", cause="liver"), act("resume", "C2D0", on="2027-03-01")],
        "not-first-held",
        "day",
        "C2D0 cannot be resumed: the first dose on hold is C2D1; resume that one, or omit it first",
    ),
    (
        trio,
        [gave("C1D1", "02-01", ended="08:30", started="09:00")],
        "ended-before-started",
        "ended",
        "ended: is before started",
    ),
]


@pytest.mark.parametrize(("made", "actions", "code", "field", "sentence"), REFUSALS)
def test_what_cannot_be_recorded_is_said_in_one_sentence(
    made: Made, actions: list[Table], code: str, field: str, sentence: str
) -> None:
    fault = refused(made, *actions)
    assert (fault.code, str(fault)[: len(sentence)]) == (code, sentence)
    assert fault.field == field


# -- Reasons: made, actions, departure (None: none is asked) --------------------------------------------------------


def without_reason(action: Table) -> Table:
    return {key: value for key, value in action.items() if key != "reason"}


REASONS: list[tuple[Made, list[Table], str | None, str]] = [
    (trio, [gave("C1D1", "02-03")], None, "a day 1 given late takes its cycle along, other agents with it"),
    (
        trio,
        [gave("C1D1", "02-01", "alpha"), gave("C1D1", "02-03", "beta")],
        "2027-02-03 is 2 days from where C1D1 beta belongs; the regimen allows 2027-02-01 alone",
        "10: no tolerance stated counts as none",
    ),
    (
        trio,
        [without_reason(defer("C2D1", "02-23", "beta"))],
        "2027-02-23 is 1 days from where C2D1 beta belongs; the regimen allows 2027-02-22 alone",
        "10: so a day is a departure",
    ),
    (
        trio,
        [without_reason(omit("C2D1", "beta"))],
        "C2D1 beta would be left out",
        "3: one agent only needs a reason on a day 1",
    ),
    (trio, [without_reason(omit("C2D2"))], None, "and none on another day"),
    (trio, [without_reason(defer("C2D1", "02-24"))], None, "the length stays inside its range"),
    (
        trio,
        [without_reason(defer("C2D1", "02-27"))],
        "cycle 1 would last 26 days, and the regimen allows 19 to 25",
        "a day 1 that moves changes the length before it",
    ),
    (
        trio,
        [gave("C1D1", "02-01"), gave("C1D2", "02-02"), gave("C1D8", "02-08"), gave("C2D1", "02-21")],
        "2027-02-21 is too close to C1D1 alpha on 2027-02-01; doses are at least 21 days apart",
        "the gap is asked of each agent by itself",
    ),
    (trio, [gave("C1D1", "02-01", complete=False)], "C1D1 alpha was not given completely", "of each dose of the visit"),
    (
        trio,
        [gave("C1D1", "01-31")],
        "C1D1 was given before its planned day, 2027-02-01",
        "the visit that starts the course",
    ),
    (
        by_hours,
        [gave("C1D1", "02-01", started="11:00"), gave("C1D4", "02-04", started="10:30")],
        "2027-02-04 is too close to C1D1 on 2027-02-01; doses are at least 72 hours apart",
        "9: hours are counted from start to start, on the planned date too",
    ),
    (
        by_hours,
        [gave("C1D1", "02-01", started="11:00"), gave("C1D4", "02-04")],
        None,
        "9: the planned start was put later",
    ),
    (
        by_hours,
        [act("cycles", count=2)],
        "2 cycles are fewer than the 3 of the regimen",
        "11: a fixed number is the fewest and the most",
    ),
    (by_hours, [act("cycles", count=4)], "4 cycles are more than the 3 of the regimen", "11: the most"),
]


@pytest.mark.parametrize(("made", "actions", "departure", "reason"), REASONS, ids=[row[3] for row in REASONS])
def test_a_departure_needs_a_reason(made: Made, actions: list[Table], departure: str | None, reason: str) -> None:
    if departure is None:
        plan(made, *actions)
        return
    fault = refused(made, *actions)
    assert fault.code == "needs-reason", reason
    assert str(fault) == f"{departure}. This departs from the regimen: give a reason to record it."
    plan(made, *actions[:-1], {**actions[-1], "reason": "agreed"})


def test_the_key_of_the_only_agent_means_the_same_as_none() -> None:
    named = plan(by_hours, gave("C1D1", "02-02", "alpha"), cease("02-10", "alpha", "death"))
    bare = plan(by_hours, gave("C1D1", "02-02"), cease("02-10", "", "death"))
    assert [dose._replace(why=bare.doses()[0].why) for dose in named.doses()] == [
        dose._replace(why=bare.doses()[0].why) for dose in bare.doses()
    ]
    assert named.ceased is not None


def test_a_correction_that_names_an_agent_takes_the_place_of_the_visits_record() -> None:
    """Else the deferral, which was made when the visit lay elsewhere, would count from another day."""
    found = plan(
        trio,
        gave("C1D1", "02-01"),
        defer("C2D1", "02-24"),
        gave("C1D1", "02-02", "alpha", replaces=1),
    )
    assert doses(found)["C1D1 alpha"] == "02-02 given"
    assert doses(found)["C1D1 beta"] == "02-02"
    assert doses(found)["C2D1 alpha"] == "02-24"


def test_a_version_with_other_agents_is_refused() -> None:
    newer = made_up(*PARTS_OF_TWO, id_="made-up")
    clinic = ClinicRules(newest=newer)
    action = action_of(act("regimen", version="1"))
    with pytest.raises(Rejected) as caught:
        check_action(trio(), course_of(DAY1), [], action, today=TODAY, clinic=clinic)
    assert (caught.value.code, caught.value.field) == ("other-agents", "version")
    assert "start a new course that is linked to this one" in str(caught.value)


PARTS_OF_TWO = (
    '[agents.alpha]\nname = "a"\ntimes = { source = "book", verified = true }\ndays.1 = { defer_scope = "course" }\n',
    '[[cycles]]\nlength = 21\nshortest = 21\nlongest = 21\ndays = { alpha = [1] }\nsource = "book"\nverified = true\n',
    *(
        f'[[windows]]\nagent = "alpha"\naudience = "{audience}"\nnone = true\nsource = "book"\nverified = true\n'
        for audience in ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
    ),
)
