"""The plan as JSON: the shape that scripts and other systems rely on."""

import json
from datetime import date, datetime
from typing import Any

from hypothesis import given as draw
from hypothesis import settings

from scheduler import ClinicRules, plan_to_dict
from tests.core import act, course_of, plan_of
from tests.core_strategies import History, histories

DAY1 = date(2026, 12, 7)
Table = dict[str, Any]


def plain(*actions: Table, today: date | None = None, clinic: ClinicRules | None = None, **fields: Any) -> Table:
    return plan_to_dict(plan_of(course_of(DAY1, **fields), *actions, today=today, clinic=clinic))


def test_the_first_dose_has_the_shape_of_the_contract() -> None:
    found = plain(today=DAY1, audiences=["can-become-pregnant"])
    assert list(found) == [
        *("schema", "regimen", "zone", "intent", "revision", "today"),
        *("cycles", "windows", "tasks", "advice", "actions"),
    ]
    assert found["schema"] == 1
    assert found["regimen"] == {
        "id": "inotuzumab-ozogamicin",
        "version": "2026.2",
        "name": "Inotuzumab ozogamicin",
        "checked_by": "not yet checked by a clinician",
    }
    assert (found["zone"], found["intent"], found["revision"]) == ("America/New_York", "continue", 0)
    cycle = found["cycles"][0]
    assert {key: cycle[key] for key in cycle if key != "doses"} == {
        "number": 1,
        "day1": "2026-12-07",
        "length_days": 21,
        "last_day": "2026-12-27",
    }
    label = "Besponsa, US prescribing information, 2.2"
    assert cycle["doses"][0] == {
        "cycle": 1,
        "day": 1,
        "nominal": "2026-12-07",
        "date": "2026-12-07",
        "state": "planned",
        "confirmed": True,
        "elsewhere": False,
        "arrival": "2026-12-07T08:30:00-05:00",
        "premedication": "2026-12-07T08:30:00-05:00",
        "infusion": {"start": "2026-12-07T09:00:00-05:00", "end": "2026-12-07T10:00:00-05:00"},
        "observation": {"start": "2026-12-07T10:00:00-05:00", "end": "2026-12-07T11:00:00-05:00"},
        "why": f"Cycle 1 day 1 is 7 Dec 2026: the course starts on that day; {label}.",
        "chain": [
            {
                "rule": "course-start",
                "from": None,
                "add": None,
                "result": "2026-12-07",
                "text": "the course starts on that day",
                "source": label,
            }
        ],
    }


def test_a_window_a_task_and_an_advice_have_the_shape_of_the_contract() -> None:
    clinic = ClinicRules(closed={date(2026, 12, 28): "a holiday"})
    found = plain(today=DAY1, audiences=["can-become-pregnant:private"], clinic=clinic)
    window = found["windows"][0]
    assert {key: window[key] for key in window if key not in ("why", "chain")} == {
        "audience": "can-become-pregnant",
        "kind": "contraception",
        "last_dose": "2027-05-03",
        "through": "2028-01-03",
        "until": None,
        "final": False,
        "shown": False,
        "verified": True,
    }
    task = found["tasks"][0]
    assert {key: task[key] for key in task if key not in ("why", "chain")} == {
        "kind": "blood-count",
        "cycle": 1,
        "day": 1,
        "when": "before",
        "date": "2026-12-04",
    }
    assert found["advice"] == [
        {
            "code": "closed-day",
            "severity": "warn",
            "cycle": 2,
            "day": 1,
            "message": "C2D1 on 28 Dec 2026: a holiday; 29 Dec 2026 is open.",
            "suggest": {"kind": "defer", "cycle": 2, "day": 1, "to": "2026-12-29", "scope": "course"},
        }
    ]
    for part in ("windows", "tasks"):
        assert all(each["why"].endswith(".") and each["chain"] for each in found[part])


def test_a_suggestion_names_the_fields_of_its_action() -> None:
    overdue = plain(today=date(2026, 12, 8))["advice"][0]
    assert overdue["suggest"] == {"kind": "given", "cycle": 1, "day": 1, "on": "2026-12-07"}
    hold = act("hold", "C1D1", on="2026-12-07", cause="counts")
    assert plain(hold, today=date(2026, 12, 14))["advice"][0]["suggest"] == {"kind": "resume", "cycle": 1, "day": 1}
    cycles = plain(today=DAY1, cycles=7, reason="agreed")["advice"][0]
    assert (cycles["code"], cycles["cycle"], cycles["day"], cycles["suggest"]) == ("too-many-cycles", None, None, None)


def test_doses_without_a_visit_carry_null_times_and_held_ones_no_date() -> None:
    actions = [
        act("omit", "C1D8"),
        act("hold", "C1D15", on="2026-12-10", cause="liver"),
    ]
    doses = [dose for cycle in plain(*actions)["cycles"] for dose in cycle["doses"]]
    assert [(dose["state"], dose["date"]) for dose in doses[:3]] == [
        ("planned", "2026-12-07"),
        ("omitted", "2026-12-14"),
        ("held", None),
    ]
    ceased = plain(act("cease", on="2026-12-10", cause="death"))
    cancelled = ceased["cycles"][0]["doses"][1]
    assert (cancelled["state"], cancelled["date"]) == ("cancelled", "2026-12-14"), "cancelled doses stay listed"
    for dose in (*doses[1:3], cancelled):
        assert [dose[key] for key in ("arrival", "premedication", "infusion", "observation")] == [None] * 4
    assert ceased["windows"] == []


def test_a_window_on_hold_has_no_dates() -> None:
    hold = act("hold", "C1D1", on="2026-12-07", cause="counts")
    (window,) = plain(hold, audiences=["breastfeeding"])["windows"]
    assert (window["last_dose"], window["through"], window["chain"]) == (None, None, [])


def test_actions_carry_their_number_fields_and_whether_they_stand() -> None:
    actions = [
        act("given", "C1D1", on="2026-12-07", started="09:10", ended="2026-12-07T10:20", tolerated=False),
        act("days", cycle=2, days=[1, 8], reason="agreed"),
        act("away", from_="2027-01-01", to="2027-01-03"),
        act("void", action=2),
    ]
    assert plain(*actions)["actions"] == [
        {
            "number": 1,
            "kind": "given",
            "cycle": 1,
            "day": 1,
            "on": "2026-12-07",
            "started": "09:10",
            "ended": "2026-12-07T10:20",
            "tolerated": False,
            "stands": True,
        },
        {"number": 2, "kind": "days", "reason": "agreed", "cycle": 2, "days": [1, 8], "stands": False},
        {"number": 3, "kind": "away", "from": "2027-01-01", "to": "2027-01-03", "stands": True},
        {"number": 4, "kind": "void", "action": 2, "stands": True},
    ]


def test_instants_carry_the_offset_that_holds_then() -> None:
    doses = [dose for cycle in plain()["cycles"] for dose in cycle["doses"]]
    assert {dose["arrival"][-6:] for dose in doses[:11]} == {"-05:00"}
    assert {dose["arrival"][-6:] for dose in doses[12:]} == {"-04:00"}, "from 14 March 2027"


@draw(histories(versions=True))
@settings(max_examples=25)
def test_any_plan_goes_through_json_and_comes_back_the_same(history: History) -> None:
    found = plan_to_dict(history.plan())
    assert json.loads(json.dumps(found)) == found
    assert found == plan_to_dict(history.plan())
    for cycle in found["cycles"]:
        for dose in cycle["doses"]:
            assert (dose["infusion"] is None) == (dose["state"] not in ("planned", "given"))
            for instant in filter(None, [dose["arrival"], (dose["infusion"] or {}).get("end")]):
                assert datetime.fromisoformat(instant).utcoffset() is not None
