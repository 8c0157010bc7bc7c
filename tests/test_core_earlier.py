"""What an earlier course leaves to the one that follows it: each agent's last dose that counts, and whether it stands."""

from datetime import UTC, date, datetime

import pytest

from scheduler import last_doses
from scheduler.course import EarlierDose
from tests.core import act, course_of, plan_of

MONDAY = date(2026, 12, 7)
GIVEN = [act("given", "C1D1", on=MONDAY), act("given", "C1D8", on="2026-12-14")]
CEASE = act("cease", on="2026-12-15", cause="toxicity")
LAST = date(2027, 5, 3)  # C6D15: cycle 2 begins on 28 December, each later one four weeks on, cycle 6 on 19 April


@pytest.mark.parametrize(
    ("actions", "on", "settled", "why"),
    [
        ([], LAST, False, "a planned dose counts as long as it may be given"),
        (GIVEN, LAST, False, "the later ones are still planned"),
        ([*GIVEN, CEASE], date(2026, 12, 14), True, "what was cancelled by an end counts no more"),
        ([*GIVEN, act("omit", "C1D15"), CEASE], date(2026, 12, 14), True, "nor does what was omitted"),
        (
            [*GIVEN, act("hold", "C1D15", on="2026-12-21", cause="counts")],
            date(2026, 12, 14),
            False,
            "held doses have no date, but may come",
        ),
    ],
)
def test_the_last_dose_that_counts_is_left(actions: list[dict[str, object]], on: date, settled: bool, why: str) -> None:  # noqa: FBT001
    (left,) = last_doses(plan_of(course_of(MONDAY), *actions, today=date(2026, 12, 21)))
    assert (left.agent_name, left.on, left.settled) == ("inotuzumab ozogamicin", on, settled), why


def test_it_carries_the_end_of_the_infusion_the_windows_and_whose_label_it_is() -> None:
    plan = plan_of(course_of(MONDAY, jurisdiction="US"), *GIVEN, CEASE, today=date(2026, 12, 21))
    (left,) = last_doses(plan)
    assert left.ended == datetime(2026, 12, 14, 15, 0, tzinfo=UTC), "09:00 in New York, and an hour"
    assert [rule.length for rule in left.windows] == ["8 months", "5 months", "2 months"]
    assert left.jurisdiction == "US"


def test_a_course_that_gave_nothing_passes_on_what_went_before_it() -> None:
    before = EarlierDose(
        agent_name="rituximab", on=date(2026, 3, 2), ended=None, settled=True, windows=(), jurisdiction="EU"
    )
    plan = plan_of(course_of(MONDAY, earlier=(before,)), act("cease", on="2026-12-06", cause="patient-choice"))
    assert last_doses(plan) == (before,)
