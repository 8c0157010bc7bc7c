"""What cannot be recorded: each case of the scheduling rules with its code, its field and its whole sentence."""

from datetime import date
from typing import Any, NamedTuple

import pytest

from scheduler import ClinicRules, InvalidValue, NeedsReason, Rejected, check_action, check_actions, check_course
from scheduler.actions import ACTION_KINDS
from tests.core import act, action_of, course_of, inotuzumab, plan_of, refusal

DAY1 = date(2026, 12, 7)
Table = dict[str, Any]


def given(dose: str, on: str, **others: Any) -> Table:
    return act("given", dose, on=on, **others)


G1 = given("C1D1", "2026-12-07")
G8 = given("C1D8", "2026-12-14")
G15 = given("C1D15", "2026-12-21")
G21 = given("C2D1", "2026-12-28")
HOLD8 = act("hold", "C1D8", on="2026-12-10", cause="counts")
OMIT8 = act("omit", "C1D8")
CEASE = act("cease", on="2026-12-20", cause="toxicity")
SHOWN = act("audience", value="breastfeeding", change="add")
LATER = "later-action-stands"


class Case(NamedTuple):
    why: str
    before: tuple[Table, ...]
    last: Table
    code: str
    field: str
    sentence: str


NO_SUCH = [
    Case(
        "a cycle that the plan does not have",
        (),
        given("C9D1", "2026-12-07"),
        "no-such-cycle",
        "cycle",
        "the plan has no cycle 9; use 1 to 6, or record more cycles first",
    ),
    Case(
        "a cycle beyond a smaller number of cycles",
        (act("cycles", count=2),),
        act("omit", "C3D8"),
        "no-such-cycle",
        "cycle",
        "the plan has no cycle 3; use 1 to 2, or record more cycles first",
    ),
    Case(
        "the same for an action on a whole cycle",
        (),
        act("response", cycle=7, value="CR"),
        "no-such-cycle",
        "cycle",
        "the plan has no cycle 7; use 1 to 6, or record more cycles first",
    ),
    Case(
        "the same for its length",
        (),
        act("cycle-length", cycle=7, days=28),
        "no-such-cycle",
        "cycle",
        "the plan has no cycle 7; use 1 to 6, or record more cycles first",
    ),
    Case(
        "the same for its days",
        (),
        act("days", cycle=7, days=[1], reason="agreed"),
        "no-such-cycle",
        "cycle",
        "the plan has no cycle 7; use 1 to 6, or record more cycles first",
    ),
    Case(
        "a day that the regimen does not have",
        (),
        given("C1D2", "2026-12-08"),
        "no-such-dose",
        "day",
        "cycle 1 has no day 2; use one of its days: 1, 8, 15",
    ),
    Case(
        "a day that was left out",
        (act("days", cycle=2, days=[1, 8], reason="agreed"),),
        act("omit", "C2D15"),
        "no-such-dose",
        "day",
        "cycle 2 has no day 15; use one of its days: 1, 8",
    ),
    Case(
        "days of which the regimen lacks one",
        (),
        act("days", cycle=1, days=[1, 9], reason="agreed"),
        "no-such-day",
        "days",
        "the regimen has no day 9 in cycle 1; choose among [1, 8, 15]",
    ),
    Case(
        "days without a day 1, which starts every cycle",
        (),
        act("days", cycle=1, days=[8, 15], reason="agreed"),
        "no-day-1",
        "days",
        "days: day 1 starts every cycle and cannot be left out; add it",
    ),
    Case(
        "an intent that the regimen does not know",
        (),
        act("intent", value="cure"),
        "unknown-value",
        "value",
        "value: 'cure' is unknown; use one of: continue, transplant",
    ),
    Case(
        "a misspelt one",
        (),
        act("intent", value="transplan"),
        "unknown-value",
        "value",
        "value: 'transplan' is unknown; did you mean 'transplant'?",
    ),
    Case(
        "a version that nobody knows",
        (),
        act("regimen", version="1999"),
        "unknown-value",
        "version",
        "version: '1999' is unknown; use one of: 2026.2",
    ),
    Case(
        "the hour of half a visit",
        (),
        act("time", at="10:00", cycle=1),
        "missing-field",
        "day",
        "day: is missing; name cycle and day of one visit, or neither for all",
    ),
    Case(
        "the hour of the other half",
        (),
        act("time", at="10:00", day=8),
        "missing-field",
        "cycle",
        "cycle: is missing; name cycle and day of one visit, or neither for all",
    ),
    Case(
        "an absence that ends before it begins",
        (),
        act("away", from_="2026-12-11", to="2026-12-10"),
        "bad-span",
        "to",
        "to: 2026-12-10 is before 2026-12-11; swap the dates",
    ),
]

AUDIENCES = [
    Case(
        "an audience that the regimen has no window for",
        (),
        act("audience", value="everyone", change="add"),
        "unknown-value",
        "value",
        "value: 'everyone' is unknown; use one of: can-become-pregnant, partner-can-become-pregnant, breastfeeding",
    ),
    Case(
        "an unknown mark",
        (),
        act("audience", value="breastfeeding:secret", change="add"),
        "unknown-value",
        "value",
        "audience: 'breastfeeding:secret' ends in an unknown mark; write 'breastfeeding', or ':private' after it",
    ),
    Case(
        "a change of an audience that the course does not have",
        (),
        act("audience", value="breastfeeding", change="remove"),
        "audience",
        "value",
        "value: 'breastfeeding' is not on the course; add it instead",
    ),
    Case(
        "an audience that it has",
        (SHOWN,),
        act("audience", value="breastfeeding", change="add"),
        "audience",
        "value",
        "value: 'breastfeeding' is on the course already; make it private or shown",
    ),
    Case(
        "private and shown at once",
        (SHOWN,),
        act("audience", value="breastfeeding:private", change="shown"),
        "unknown-value",
        "value",
        "value: ':private' belongs to 'add'; use the change 'private' instead",
    ),
]

GIVEN = [
    Case(
        "a dose given twice",
        (G1,),
        G1,
        "given-already",
        "day",
        "C1D1 was given on 2026-12-07; void that record first",
    ),
    Case(
        "given after it was omitted",
        (OMIT8, G1),
        G8,
        "omitted-already",
        "day",
        "C1D8 is omitted; void the omission first",
    ),
    Case(
        "on the day of the dose before",
        (G1,),
        given("C1D8", "2026-12-07", reason="agreed"),
        "out-of-order",
        "on",
        "C1D1, which comes before C1D8, was given on 2026-12-07; give a later date than that",
    ),
    Case(
        "before the dose before",
        (G1,),
        given("C1D8", "2026-12-06", reason="agreed"),
        "out-of-order",
        "on",
        "C1D1, which comes before C1D8, was given on 2026-12-07; give a later date than that",
    ),
    Case(
        "on the day of the dose after",
        (G1, HOLD8, G15),
        given("C1D8", "2026-12-21", reason="agreed"),
        "out-of-order",
        "on",
        "C1D15, which comes after C1D8, was given on 2026-12-21; give an earlier date than that",
    ),
    Case(
        "while the dose before is planned and not later",
        (G1,),
        G15,
        "earlier-planned",
        "day",
        "C1D8 is still planned on 2026-12-14; record, defer or omit C1D8 first",
    ),
    Case(
        "on the very day for which the dose before is planned",
        (G1,),
        given("C1D15", "2026-12-14", reason="agreed"),
        "earlier-planned",
        "day",
        "C1D8 is still planned on 2026-12-14; record, defer or omit C1D8 first",
    ),
    Case(
        "another dose than C1D1 before C1D1",
        (),
        G8,
        "before-first",
        "day",
        "C1D8 cannot be given before C1D1; record C1D1 first",
    ),
    Case(
        "the same while C1D1 is on hold",
        (act("hold", "C1D1", on="2026-12-07", cause="counts"),),
        G8,
        "before-first",
        "day",
        "C1D8 cannot be given before C1D1; record C1D1 first",
    ),
]

NOT_THAT_DOSE = [
    *(
        Case(
            f"{kind} of a given dose",
            (G1,),
            act(kind, "C1D1", reason="agreed", **fields),
            "given-already",
            "day",
            f"cannot {kind} C1D1: it was given on 2026-12-07; void that record first",
        )
        for kind, fields in (
            ("defer", {"to": "2026-12-08"}),
            ("omit", {}),
            ("hold", {"on": "2026-12-08", "cause": "liver"}),
        )
    ),
    *(
        Case(
            f"{kind} of an omitted dose",
            (OMIT8,),
            act(kind, "C1D8", **fields),
            "omitted-already",
            "day",
            f"cannot {kind} C1D8: it is omitted; void the omission first",
        )
        for kind, fields in (
            ("defer", {"to": "2026-12-15"}),
            ("omit", {}),
            ("hold", {"on": "2026-12-08", "cause": "liver"}),
        )
    ),
    Case(
        "a day 1 left out while its cycle goes on",
        (),
        act("omit", "C1D1", reason="agreed"),
        "day-1-anchors",
        "day",
        "C1D1 cannot be omitted while a later dose of its cycle is planned; hold or defer C1D1 instead",
    ),
    Case(
        "the last dose left out",
        (act("cycles", count=1), OMIT8),
        act("omit", "C1D15"),
        "last-dose",
        "day",
        "C1D15 is the last dose of the course and cannot be omitted; record that treatment ceases instead",
    ),
    Case(
        "a resumption without a hold",
        (),
        act("resume", "C1D8", on="2026-12-14"),
        "no-hold",
        "day",
        "nothing is on hold, so C1D8 cannot be resumed; defer it to move it",
    ),
    Case(
        "a resumption of a later dose than the first on hold",
        (HOLD8,),
        act("resume", "C1D15", on="2026-12-21"),
        "not-first-held",
        "day",
        "C1D15 cannot be resumed: the first dose on hold is C1D8; resume that one, or omit it first",
    ),
    Case(
        "a resumption after the held doses left the plan",
        (act("hold", "C5D1", on="2026-12-10", cause="counts"), act("cycles", count=2)),
        act("resume", "C2D1", on="2026-12-31"),
        "not-first-held",
        "day",
        "C2D1 cannot be resumed: the plan has no dose on hold any more; defer it to move it",
    ),
]

GAP = [
    Case(
        "deferred too close to the dose before",
        (),
        act("defer", "C1D8", to="2026-12-12"),
        "gap",
        "to",
        "C1D8 on 2026-12-12 is too close to C1D1; the first possible date is 2026-12-13",
    ),
    Case(
        "a day 1 too close to the cycle before",
        (),
        act("defer", "C2D1", to="2026-12-21", reason="agreed"),
        "gap",
        "to",
        "C2D1 on 2026-12-21 is too close to C1D15; the first possible date is 2026-12-27",
    ),
    Case(
        "too close to a given dose after it",
        (G1, HOLD8, G15),
        act("defer", "C1D8", to="2026-12-16"),
        "gap",
        "to",
        "C1D8 on 2026-12-16 is too close to the dose given on 2026-12-21; choose 2026-12-13 to 2026-12-15",
    ),
    Case(
        "between two given doses that leave no room",
        (G1, HOLD8, given("C1D15", "2026-12-18", reason="agreed")),
        act("defer", "C1D8", to="2026-12-13"),
        "gap",
        "to",
        "between C1D1 and the dose given on 2026-12-18 there is no room for C1D8; omit it",
    ),
    Case(
        "too close to a given dose, with none before",
        (
            *(act("omit", dose, reason="agreed") for dose in ("C1D8", "C1D15", "C1D1")),
            act("hold", "C2D1", on="2026-12-20", cause="counts"),
            given("C2D8", "2027-01-04"),
        ),
        act("defer", "C2D1", to="2026-12-30", reason="agreed"),
        "gap",
        "to",
        "C2D1 on 2026-12-30 is too close to the dose given on 2027-01-04; choose 2026-12-29 or earlier",
    ),
    Case(
        "resumed too close to the dose before",
        (G1, HOLD8),
        act("resume", "C1D8", on="2026-12-12"),
        "gap",
        "on",
        "C1D8 on 2026-12-12 is too close to C1D1; the first possible date is 2026-12-13",
    ),
]

LENGTHS = [
    *(
        Case(
            f"scope {scope} for a day 1",
            (),
            act("defer", "C2D1", to="2026-12-29", scope=scope),
            "bad-scope",
            "scope",
            "scope: a day 1 moves its whole cycle; leave the scope out or write 'course'",
        )
        for scope in ("dose", "cycle")
    ),
    Case(
        "fewer cycles than have a given dose",
        (G1, G8, G15, G21),
        act("cycles", count=1),
        "cycles-given",
        "count",
        "count: a dose of cycle 2 was given; use 2 or more cycles",
    ),
    Case(
        "the length of a cycle whose next day 1 is given",
        (G1, G8, G15, G21),
        act("cycle-length", cycle=1, days=28),
        "length-settled",
        "cycle",
        "the length of cycle 1 is settled, since C2D1 was given; void that record first",
    ),
    Case(
        "a deferral that would change such a length",
        (G1, HOLD8, G15, G21),
        act("defer", "C1D8", to="2026-12-14", scope="course"),
        "length-settled",
        "cycle",
        "the length of cycle 1 is settled, since C2D1 was given; move the dose alone (scope 'dose')",
    ),
    Case(
        "a length that does not go beyond the last dose",
        (),
        act("cycle-length", cycle=1, days=15, reason="agreed"),
        "too-short",
        "days",
        "cycle 1 has a dose on its day 15; give a length of 16 days or more",
    ),
    Case(
        "the same where the last dose was moved",
        (act("defer", "C1D15", to="2026-12-23"),),
        act("cycle-length", cycle=1, days=17, reason="agreed"),
        "too-short",
        "days",
        "cycle 1 has a dose on its day 17; give a length of 18 days or more",
    ),
    Case(
        "a day 1 moved into the held doses before it",
        (HOLD8,),
        act("defer", "C2D1", to="2026-12-22", reason="agreed"),
        "too-short",
        "to",
        "cycle 1 would last 15 days and has a dose on its day 15; move that dose first",
    ),
]

TIMES = [
    Case(
        "an end before the start",
        (),
        given("C1D1", "2026-12-07", started="10:00", ended="09:00"),
        "ended-before-started",
        "ended",
        "ended: is before started; past midnight write the date too, such as 2026-12-08T00:20",
    ),
    Case(
        "a start on another day",
        (),
        given("C1D1", "2026-12-07", started="2026-12-08T10:00"),
        "bad-time",
        "started",
        "started: is not on 2026-12-07; mend the date or the time",
    ),
    Case(
        "an infusion of more than a day",
        (),
        given("C1D1", "2026-12-07", started="09:00", ended="2026-12-08T10:01"),
        "bad-time",
        "ended",
        "ended: is more than a day away from 2026-12-07; mend the date or the time",
    ),
    Case(
        "an end on the day before",
        (),
        given("C1D1", "2026-12-07", ended="2026-12-06T23:59"),
        "bad-time",
        "ended",
        "ended: is more than a day away from 2026-12-07; mend the date or the time",
    ),
]

CEASED = [
    Case(
        "a stop before a dose that was given",
        (G1, G8),
        act("cease", on="2026-12-13", cause="other"),
        "given-after",
        "on",
        "C1D8 was given on 2026-12-14, after 2026-12-13; give that date or a later one",
    ),
    *(
        Case(
            f"{last['kind']} after the end of treatment",
            (CEASE,),
            last,
            "ceased",
            "kind",
            f"treatment was ceased on 2026-12-20, so {last['kind']} cannot be recorded; void the cease first",
        )
        for last in (
            given("C1D1", "2026-12-21"),
            act("defer", "C2D1", to="2026-12-30"),
            act("hold", "C2D8", on="2026-12-30", cause="liver"),
            act("resume", "C1D1", on="2026-12-10"),
            act("omit", "C2D8"),
            act("cycle-length", cycle=1, days=28),
            act("days", cycle=2, days=[1], reason="agreed"),
            act("cycles", count=2),
            act("intent", value="transplant"),
            act("time", at="10:00"),
            act("away", from_="2026-12-10", to="2026-12-11"),
            act("cease", on="2026-12-20", cause="death"),
            act("regimen", version="2026.2"),
        )
    ),
]

VOIDS = [
    Case(
        "a void of a record on which a later one builds",
        (G1, G8),
        act("void", action=1),
        LATER,
        "action",
        "action 2 (given) could not stand then: C1D8 cannot be given before C1D1. Void action 2 first",
    ),
    Case(
        "a replacement of such a record",
        (HOLD8, act("resume", "C1D8", on="2026-12-15")),
        act("omit", "C1D15", replaces=1),
        LATER,
        "replaces",
        "action 2 (resume) could not stand then: nothing is on hold, so C1D8 cannot be resumed. Void action 2 first",
    ),
    Case(
        "a restoration beside a record that took the place",
        (G1, act("void", action=1), G1),
        act("void", action=2),
        LATER,
        "action",
        "action 3 (given) could not stand then: C1D1 was given on 2026-12-07. Void action 3 first",
    ),
    Case(
        "a wrong date corrected to one on which a later record would be impossible",
        (G1, G8),
        given("C1D1", "2026-12-14", replaces=1),
        LATER,
        "replaces",
        "action 2 (given) could not stand then: C1D1, which comes before C1D8, was given on 2026-12-14."
        " Void action 2 first",
    ),
    Case(
        "the same where the correction would need a reason too, which helps nothing",
        (act("cycles", count=1), G1, G8, G15, act("cycle-length", cycle=1, days=21)),
        given("C1D15", "2026-12-28", replaces=4),
        LATER,
        "replaces",
        "action 5 (cycle-length) could not stand then: cycle 1 has a dose on its day 22. Void action 5 first",
    ),
    Case(
        "a void of an action that is not there",
        (),
        act("void", action=5),
        "no-such-action",
        "action",
        "there is no action 5 yet; name an earlier one",
    ),
    Case(
        "a void of itself",
        (),
        act("void", action=1),
        "no-such-action",
        "action",
        "there is no action 1 yet; name an earlier one",
    ),
    Case(
        "a replacement of an action that is not there",
        (),
        act("omit", "C1D8", replaces=3),
        "no-such-action",
        "replaces",
        "there is no action 3 yet; name an earlier one",
    ),
    Case(
        "a void of what was voided",
        (G1, act("void", action=1)),
        act("void", action=1),
        "already-void",
        "action",
        "action 1 does not stand any more; name an action that stands",
    ),
    Case(
        "a replacement of what was voided",
        (OMIT8, act("void", action=1)),
        act("omit", "C1D15", replaces=1),
        "already-void",
        "replaces",
        "action 1 does not stand any more; name an action that stands",
    ),
]

CASES = [*NO_SUCH, *AUDIENCES, *GIVEN, *NOT_THAT_DOSE, *GAP, *LENGTHS, *TIMES, *CEASED, *VOIDS]


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_what_is_impossible_is_refused_with_one_sentence(case: Case) -> None:
    fault = refusal(course_of(DAY1), *case.before, case.last)
    assert (fault.code, fault.field, str(fault)) == (case.code, case.field, case.sentence)
    assert not isinstance(fault, NeedsReason)


@pytest.mark.parametrize("case", CASES, ids=[case.why for case in CASES])
def test_no_reason_makes_the_impossible_possible(case: Case) -> None:
    fault = refusal(course_of(DAY1), *case.before, {**case.last, "reason": "the team decided so"})
    assert (fault.code, str(fault)) == (case.code, case.sentence)


def test_a_dose_of_tomorrow_is_refused_and_one_of_today_is_not() -> None:
    today = date(2026, 12, 8)
    fault = refusal(course_of(DAY1), given("C1D1", "2026-12-09"), today=today)
    assert (fault.code, fault.field) == ("in-future", "on")
    assert str(fault) == (
        "C1D1 cannot be recorded as given on 2026-12-09: that is after today, 2026-12-08; record it when it was given"
    )
    assert plan_of(course_of(DAY1), given("C1D1", "2026-12-08"), today=today).doses()[0].state == "given"


def test_what_was_recorded_is_not_held_against_today_again() -> None:
    """Only the moment of recording counts: a clock set back does not freeze a course."""
    recorded = [action_of(plain) for plain in (G1, G8, act("omit", "C1D15"))]
    void = action_of(act("void", action=3))
    check_action(inotuzumab(), course_of(DAY1), recorded, void, today=date(2026, 12, 1), clinic=ClinicRules())


AFTER_CEASE = [
    (act("response", cycle=1, value="CR"), "feeds advice only"),
    (SHOWN, "the windows go on"),
    (given("C1D1", "2026-12-07"), "it was given before the end and is recorded late"),
    (act("omit", "C1D8"), "it was planned before the end and was not given"),
    (act("void", action=1), "the end itself was a mistake"),
]


@pytest.mark.parametrize(("last", "reason"), AFTER_CEASE, ids=[reason for _, reason in AFTER_CEASE])
def test_after_the_end_of_treatment_some_things_are_still_recorded(last: Table, reason: str) -> None:
    plan = plan_of(course_of(DAY1), CEASE, last)
    assert plan.actions[1].stands, reason


def test_after_the_end_even_the_last_overdue_dose_can_be_left_out() -> None:
    cease = act("cease", on="2026-12-07", cause="patient-choice")
    plan = plan_of(course_of(DAY1), cease, act("omit", "C1D1", reason="never came"))
    assert [dose.state for dose in plan.doses()] == ["omitted", *["cancelled"] * 17]
    assert plan.windows == ()


@pytest.mark.parametrize(
    ("fields", "fault", "field", "sentence"),
    [
        ({"cycles": 0}, InvalidValue, "cycles", "cycles: 0 is out of range; use 1 to 99"),
        ({"cycles": 100}, InvalidValue, "cycles", "cycles: 100 is out of range; use 1 to 99"),
        ({"cycle_lengths": {7: 28}}, InvalidValue, "cycle_lengths", "cycle-length: there is no cycle 7; use 1 to 6"),
        (
            {"cycle_lengths": {1: 15}},
            InvalidValue,
            "cycle_lengths",
            "cycle-length: cycle 1 cannot last 15 days; use 16 or more, up to 400",
        ),
        (
            {"cycle_lengths": {1: 401}},
            InvalidValue,
            "cycle_lengths",
            "cycle-length: cycle 1 cannot last 401 days; use 16 or more, up to 400",
        ),
        (
            {"audiences": ["nobody"]},
            InvalidValue,
            "audiences",
            "audience: 'nobody' is unknown; use one of: can-become-pregnant, partner-can-become-pregnant, breastfeeding",
        ),
        (
            {"audiences": ["breastfeeding", "breastfeeding:private"]},
            InvalidValue,
            "audiences",
            "audience: 'breastfeeding' is named twice; name it once",
        ),
        ({"intent": "cure"}, InvalidValue, "intent", "intent: 'cure' is unknown; use one of: continue, transplant"),
        (
            {"zone": "Mars/Base"},
            InvalidValue,
            "zone",
            "zone 'Mars/Base': there is no such time zone; use an IANA name such as America/New_York",
        ),
    ],
)
def test_a_course_that_cannot_be_is_not_started(
    fields: Table, fault: type[InvalidValue], field: str, sentence: str
) -> None:
    with pytest.raises(fault) as caught:
        check_course(inotuzumab(), course_of(DAY1, **fields))
    assert (caught.value.field, str(caught.value)) == (field, sentence)


def test_of_several_actions_the_one_that_is_refused_is_named_by_its_number() -> None:
    actions = [act("given", "C1D1", on=DAY1), act("omit", "C1D8"), act("given", "C1D8", on="2026-12-14")]
    recorded = [action_of(each) for each in actions]
    with pytest.raises(Rejected) as caught:
        check_actions(inotuzumab(), course_of(DAY1), recorded, today=date(2026, 12, 14), clinic=ClinicRules())
    assert caught.value.number == 3


def test_the_cases_cover_every_kind_of_action() -> None:
    assert {case.last["kind"] for case in CASES} == set(ACTION_KINDS)
