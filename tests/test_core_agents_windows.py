"""Windows after several agents: none, not stated, units, jurisdictions, earlier courses, open ends."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from scheduler import Plan, Regimen, build_plan
from scheduler.course import Course, EarlierDose
from scheduler.dates import add
from scheduler.plan import Window
from scheduler.regimen import Statement, Unit, WindowRule
from tests.core import act, action_of, course_of
from tests.core_regimens import ALONE, AUDIENCES, COURSE, agent, cycles, made_up, open_ended, pump, silent, window
from tests.test_core_agents import DAY1, cease, defer, gave, plan

Table = dict[str, Any]
F, M, BF = AUDIENCES
EVERY = {"audiences": list(AUDIENCES)}


def two(*says: str, **fields: Any) -> Regimen:
    """Alpha and beta, both on day 1, alpha on day 8 too, one cycle; what is said of their windows is given."""
    said = "".join(says)
    but = tuple(
        (key, audience)
        for key in ("alpha", "beta")
        for audience in AUDIENCES
        if f'agent = "{key}"\naudience = "{audience}"' in said
    )
    return made_up(
        agent("alpha", f"days.1 = {COURSE}\ndays.8 = {ALONE}", observed=""),
        agent("beta", f"days.1 = {ALONE}", observed=""),
        cycles("alpha = [1, 8], beta = [1]"),
        silent("alpha", "beta", but=but),
        said,
        counts="fixed = 1",
        **fields,
    )


def told(found: Window) -> str:
    """A window in words: its end or why there is none, whose it is, and how sure."""
    end = f"{found.until:%m-%d %H:%M}" if found.until else f"{found.through}"
    names = f" not stated {', '.join(found.not_stated)}" if found.not_stated else ""
    agents = f" {found.agent}" if found.agent else ""
    sure = "" if found.verified else " unverified"
    return f"{end}{agents}{names}{' final' if found.final else ''}{sure}"


def windows(found: Plan) -> dict[str, str]:
    return {window.audience: told(window) for window in found.windows}


SAID: list[tuple[tuple[str, ...], str | None, str]] = [
    ((), None, "13: all none: no window"),
    ((window("alpha", F, "months = 3"),), "2027-05-08 alphamab", "13: one states none, the other counts"),
    (
        (window("alpha", F, "weeks = 3"), window("beta", F, "months = 1")),
        "2027-03-01 alphamab",
        "13: the latest end counts, 3 weeks after 8 Feb being later than a month after 1 Feb",
    ),
    (
        (window("alpha", F, "days = 10"), window("beta", F, "weeks = 3")),
        "2027-02-22 betamab",
        "13: the last dose of each agent by itself",
    ),
    (
        (window("alpha", F, "months = 3"), window("beta", F, "not_stated = true")),
        "None not stated betamab",
        "13: one not stated: no end date, and its name",
    ),
    (
        (window("alpha", F, "not_stated = true"), window("beta", F, "not_stated = true")),
        "None not stated alphamab, betamab",
        "13: all that are not stated are named",
    ),
    (
        (window("alpha", F, "hours = 48"),),
        "02-10 10:00 alphamab",
        "13: hours are counted from the end of the infusion",
    ),
    (
        (window("alpha", F, "hours = 48"), window("beta", F, "days = 9")),
        "2027-02-10 betamab",
        "13: a whole date ends later than an hour on it",
    ),
    (
        (window("alpha", F, "hours = 62"), window("beta", F, "days = 9")),
        "02-11 00:00 alphamab",
        "13: an hour on the next date ends later",
    ),
    (
        (window("alpha", F, "hours = 48"), window("beta", F, "hours = 250")),
        "02-11 21:00 betamab",
        "13: of two hours the later",
    ),
    (
        (window("alpha", F, "months = 3", verified="false"), window("beta", F, "weeks = 1")),
        "2027-05-08 alphamab unverified",
        "13: the deciding rule is not verified",
    ),
    (
        (window("alpha", F, "months = 3"), window("beta", F, "weeks = 1", verified="false")),
        "2027-05-08 alphamab",
        "13: the other one may be unverified",
    ),
]


@pytest.mark.parametrize(("says", "expected", "reason"), SAID, ids=[row[2] for row in SAID])
def test_every_agent_is_asked(says: tuple[str, ...], expected: str | None, reason: str) -> None:
    regimen = two(*says)
    found = windows(plan(lambda: regimen, audiences=[F]))
    assert found == ({} if expected is None else {F: expected}), reason


def test_a_window_says_whose_dose_it_counts_from() -> None:
    regimen = two(window("alpha", F, "days = 10"), window("beta", F, "weeks = 3"))
    (found,) = plan(lambda: regimen, audiences=[F]).windows
    assert found.last_dose == date(2027, 2, 1)
    assert found.why.sentence == (
        "Through 22 Feb 2027: the last dose, C1D1 beta, is planned on 1 Feb 2027, and 3 weeks after betamab are"
        " counted from it; a made-up book."
    )


def test_an_agent_without_a_dose_is_not_asked() -> None:
    regimen = two(window("alpha", F, "weeks = 1"), window("beta", F, "not_stated = true"))
    found = plan(lambda: regimen, act("omit", "C1D1", agent="beta", reason="r"), audiences=[F])
    assert windows(found) == {F: "2027-02-15 alphamab"}


def test_a_window_is_final_when_no_dose_of_any_agent_is_left() -> None:
    regimen = two(window("alpha", F, "weeks = 1"))
    actions = [gave("C1D1", "02-01", "alpha"), gave("C1D8", "02-08", "alpha"), gave("C1D1", "02-01", "beta")]
    assert windows(plan(lambda: regimen, *actions[:2], audiences=[F])) == {F: "2027-02-15 alphamab"}
    assert windows(plan(lambda: regimen, *actions, audiences=[F])) == {F: "2027-02-15 alphamab final"}
    silent_too = two(window("alpha", F, "weeks = 1"), window("beta", F, "not_stated = true"))
    assert windows(plan(lambda: silent_too, *actions, audiences=[F])) == {F: "None not stated betamab"}, "never final"


def test_while_doses_are_on_hold_there_is_no_end() -> None:
    regimen = two(window("alpha", F, "weeks = 1"), window("beta", M, "not_stated = true"))
    hold = act("hold", "C1D8", on="2027-02-07", cause="liver")
    found = plan(lambda: regimen, gave("C1D1", "02-01"), hold, audiences=[F, M, BF])
    assert windows(found) == {F: "None alphamab", M: "None not stated betamab"}
    assert [each.last_dose for each in found.windows] == [date(2027, 2, 1)] * 2
    nothing = plan(lambda: regimen, act("hold", "C1D1", on="2027-02-01", cause="liver"), audiences=[F])
    assert windows(nothing) == {F: "None alphamab"}
    assert nothing.windows[0].last_dose is None
    sentences = {each.audience: each.why.sentence for each in found.windows}
    assert sentences[F] == (
        "No end date while doses are on hold: 1 week are counted from the last dose; a made-up book."
    )
    assert sentences[M] == ("No end date: no source says how long after betamab; ask the team before stopping.")


def test_the_infusion_that_runs_on_counts_from_the_date_on_which_it_ends() -> None:
    """Days count from 3 February, when the pump comes off; hours from the end of the other infusion on 1 March."""
    found = plan(pump, audiences=[F])
    assert windows(found) == {F: "2027-04-02 flowmab"}
    assert [fact.rule for fact in found.windows[0].why.chain] == ["last-dose", "infusion-end", "days-after"]
    late = plan(pump, *[gave(f"C{cycle}D1", on) for cycle, on in ((1, "02-01"), (2, "02-15"))], audiences=[F])
    ended = gave("C3D1", "03-01", ended="2027-03-04T08:00", reason="r")
    assert windows(late) == {F: "2027-04-02 flowmab"}
    after = plan(pump, *[gave(f"C{cycle}D1", on) for cycle, on in ((1, "02-01"), (2, "02-15"))], ended, audiences=[F])
    assert windows(after) == {F: "2027-04-03 flowmab final"}


def test_hours_after_an_end_that_is_not_known_have_no_end() -> None:
    regimen = made_up(
        agent("alpha", f"days.1 = {COURSE}", infusion="", observed=""),
        cycles("alpha = [1]"),
        silent("alpha", but=(("alpha", F),)),
        window("alpha", F, "hours = 48"),
        counts="fixed = 1",
    )
    found = plan(lambda: regimen, gave("C1D1", "02-01"), audiences=[F])
    assert windows(found) == {F: "None"}
    assert found.windows[0].why.sentence == (
        "No end date while the end of the last infusion is not known: 48 hours are counted from the last dose; a"
        " made-up book."
    )
    assert windows(plan(lambda: regimen, gave("C1D1", "02-01", ended="10:10"), audiences=[F])) == {
        F: "02-03 10:10 final"
    }


def test_the_chain_of_hours_can_be_worked_out_again() -> None:
    regimen = two(window("alpha", F, "hours = 48"))
    (found,) = plan(lambda: regimen, audiences=[F]).windows
    *_, end, last = found.why.chain
    assert (end.rule, last.rule, last.unit) == ("infusion-end", "hours-after", "hours")
    assert last.since is not None
    assert add(last.since, last.amount, last.unit) == last.result == found.until
    assert found.why.sentence == (
        "Through 10 Feb 2027 10:00: the last dose, C1D8 alpha, is planned on 8 Feb 2027, and 48 hours after alphamab"
        " are counted from it; a made-up book."
    )
    earlier = before({F: (LASTS, 6, Unit.MONTHS)})
    (other,) = with_earlier(regimen, earlier, audiences=[F]).windows
    assert other.why.sentence == (
        "Through 11 Jul 2027: the last dose of oldmab in the earlier course was given on 11 Jan 2027, and 6 months"
        " after oldmab are counted from it; a made-up book."
    )


# -- Jurisdictions ------------------------------------------------------------------------------------------------

PLACES = '["US", "CH"]'


@pytest.mark.parametrize(
    ("jurisdiction", "expected", "reason"),
    [
        ("US", "2027-04-08 alphamab", "its own"),
        ("CH", "2027-08-08 alphamab", "its own"),
        ("", "2027-08-08 alphamab unverified", "none: the longest"),
        ("EU", "2027-08-08 alphamab unverified", "one without a rule: the longest"),
    ],
)
def test_the_rules_of_the_courses_jurisdiction_count(jurisdiction: str, expected: str, reason: str) -> None:
    regimen = two(
        window("alpha", F, "months = 2", where="US"),
        window("alpha", F, "months = 6", where="CH"),
        window("beta", F, "weeks = 1"),
        jurisdictions=PLACES,
    )
    assert windows(plan(lambda: regimen, audiences=[F], jurisdiction=jurisdiction)) == {F: expected}, reason


def test_jurisdictions_that_say_the_same_leave_it_verified() -> None:
    same = [window("alpha", F, "months = 2", where=where) for where in ("US", "CH")]
    regimen = two(*same, jurisdictions=PLACES)
    assert windows(plan(lambda: regimen, audiences=[F])) == {F: "2027-04-08 alphamab"}


def test_one_jurisdiction_that_says_nothing_leaves_a_course_without_one_no_end() -> None:
    regimen = two(
        window("alpha", F, "months = 2", where="US"),
        window("alpha", F, "not_stated = true", where="CH"),
        jurisdictions=PLACES,
    )
    assert windows(plan(lambda: regimen, audiences=[F])) == {F: "None not stated alphamab unverified"}
    assert windows(plan(lambda: regimen, audiences=[F], jurisdiction="US")) == {F: "2027-04-08 alphamab"}


# -- Earlier courses ------------------------------------------------------------------------------------------------


def before(says: dict[str, tuple[Statement, int, Unit]], **fields: Any) -> EarlierDose:
    cite = open_ended().windows[0].cite
    rules = tuple(
        WindowRule(agent="old", audience=audience, jurisdiction="", statement=said, amount=amount, unit=unit, cite=cite)
        for audience, (said, amount, unit) in says.items()
    )
    values: dict[str, Any] = {"agent_name": "oldmab", "on": date(2027, 1, 11), "ended": None, "settled": True}
    return EarlierDose(**(values | fields), windows=rules, jurisdiction="")


def with_earlier(regimen: Regimen, *earlier: EarlierDose, actions: tuple[Table, ...] = (), **fields: Any) -> Plan:
    course: Course = replace(course_of(DAY1, **fields), earlier=earlier)
    return build_plan(regimen, course, [action_of(action) for action in actions], today=DAY1)


LASTS = Statement.LASTS


@pytest.mark.parametrize(
    ("earlier", "expected", "reason"),
    [
        (before({F: (LASTS, 6, Unit.MONTHS)}), "2027-07-11 oldmab", "14: the earlier drug lasts longer"),
        (before({F: (LASTS, 1, Unit.MONTHS)}), "2027-05-08 alphamab", "14: the later one does"),
        (before({F: (Statement.NONE, 0, Unit.DAYS)}), "2027-05-08 alphamab", "none"),
        (before({F: (Statement.NOT_STATED, 0, Unit.DAYS)}), "None not stated oldmab", "not stated"),
        (before({}), "None not stated oldmab unverified", "and nothing at all is not stated either"),
        (before({F: (LASTS, 4000, Unit.HOURS)}), "None oldmab", "hours from an end that nobody noted"),
        (
            before({F: (LASTS, 4000, Unit.HOURS)}, ended=datetime(2027, 1, 11, 15, tzinfo=UTC)),
            "06-27 07:00 oldmab",
            "hours from the noted end",
        ),
        (
            before({F: (LASTS, 6, Unit.MONTHS)}, ended=datetime(2027, 1, 13, 15, tzinfo=UTC)),
            "2027-07-13 oldmab",
            "8: an infusion that ran on",
        ),
    ],
)
def test_an_earlier_course_is_asked_too(earlier: EarlierDose, expected: str, reason: str) -> None:
    regimen = two(window("alpha", F, "months = 3"))
    assert windows(with_earlier(regimen, earlier, audiences=[F])) == {F: expected}, reason


def test_while_the_earlier_course_goes_on_no_window_is_final() -> None:
    regimen = two(window("alpha", F, "months = 3"))
    actions = (gave("C1D1", "02-01"), gave("C1D8", "02-08"))
    for settled, final in ((True, " final"), (False, "")):
        earlier = before({F: (LASTS, 1, Unit.WEEKS)}, settled=settled)
        assert windows(with_earlier(regimen, earlier, actions=actions, audiences=[F])) == {
            F: f"2027-05-08 alphamab{final}"
        }


def test_with_one_agent_and_no_earlier_course_no_name_shows() -> None:
    assert windows(plan(open_ended, audiences=[F])) == {F: "2027-09-15"}


# -- Open ends --------------------------------------------------------------------------------------------------------


def test_the_window_of_an_open_ended_treatment_is_final_only_after_a_cease() -> None:
    given = [gave("C1D1", "02-01"), gave("C2D1", "02-22"), gave("C3D1", "03-15")]
    assert windows(plan(open_ended, *given, audiences=[F])) == {F: "2027-09-15"}, "further doses are meant"
    assert windows(plan(open_ended, *given, cease("03-20"), audiences=[F])) == {F: "2027-09-15 final"}


@pytest.mark.parametrize(
    ("today", "actions", "expected", "reason"),
    [
        (date(2027, 3, 14), [], False, "the day before the last planned cycle"),
        (date(2027, 3, 15), [], True, "from its day 1 on"),
        (date(2027, 3, 15), [act("cycles", count=40)], False, "until cycles are added; more never need a reason"),
        (date(2027, 3, 15), [cease("03-10", cause="completed")], False, "or treatment ceases"),
        (date(2027, 3, 15), [cease("03-10", "alpha")], False, "by its only agent"),
        (date(2027, 3, 20), [defer("C3D1", "03-22")], False, "the day 1 that was moved"),
    ],
)
def test_cycles_that_run_out_are_remarked(
    today: date,
    actions: list[Table],
    expected: bool,  # noqa: FBT001 - a column of the table
    reason: str,
) -> None:
    found = plan(open_ended, *actions, today=today)
    assert ("cycles-run-out" in {one.code for one in found.advice}) is expected, reason
    assert "too-many-cycles" not in {one.code for one in found.advice}


def test_an_open_ended_treatment_whose_agents_all_ceased_has_ceased() -> None:
    both = made_up(
        agent("alpha", f"days.1 = {COURSE}"),
        agent("beta", f"days.1 = {ALONE}"),
        cycles("alpha = [1], beta = [1]"),
        silent("alpha", "beta", but=(("alpha", F),)),
        window("alpha", F, "weeks = 1"),
        counts="open = true, plan_ahead = 1",
    )
    actions = [gave("C1D1", "02-01"), cease("02-02", "alpha"), cease("02-02", "beta")]
    found = plan(lambda: both, *actions, audiences=[F])
    assert windows(found) == {F: "2027-02-08 alphamab final"}
    assert "cycles-run-out" not in {one.code for one in found.advice}
    assert windows(plan(lambda: both, *actions[:2], audiences=[F])) == {F: "2027-02-08 alphamab"}
