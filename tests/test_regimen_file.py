"""The regimen file: the facts of the shipped one, every shape that a file can tell, and files of schema 1."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scheduler import Regimen, parse_regimen
from scheduler.regimen import (
    CycleCount,
    DayRule,
    HangsOn,
    LateRule,
    Scope,
    Statement,
    Times,
    Unit,
    When,
    WindowKind,
)
from tests.core import REGIMENS, inotuzumab

FILES = Path(__file__).parent / "regimen_files"
GOOD = (REGIMENS / "inotuzumab-ozogamicin.toml").read_text(encoding="utf-8")
LABEL = 'source = "label"\nsection = "2.2"\nverified = true\n'
DAYS = "days.inotuzumab-ozogamicin = [1, 8, 15]\n"


DRUG = "inotuzumab-ozogamicin"
SHAPES = (FILES / "several-agents.toml").read_text(encoding="utf-8")


def changed(old: str, new: str, text: str = GOOD) -> str:
    """The shipped file, or another, with one place changed."""
    assert text.count(old) == 1, (text.count(old), old)
    return text.replace(old, new)


# -- The shipped file ---------------------------------------------------------------------------------------------


def test_the_shipped_regimen_holds_the_facts_of_the_label() -> None:
    regimen = inotuzumab()
    assert (regimen.id, regimen.version, regimen.jurisdictions) == ("inotuzumab-ozogamicin", "2026.2", ("US",))
    assert regimen.label_date == date(2024, 3, 1)
    first, later = regimen.templates
    days = {DRUG: (1, 8, 15)}
    assert (first.count, first.length, first.shortest, first.longest, first.days) == (1, 21, 21, 28, days)
    assert (later.count, later.length, later.shortest, later.longest, later.days) == (None, 28, 28, 28, days)
    assert {name: (each.default, each.minimum, each.maximum) for name, each in regimen.counts.items()} == {
        "continue": (6, 1, 6),
        "transplant": (2, 1, 3),
    }
    assert list(regimen.agents) == [DRUG]
    agent = regimen.agents[DRUG]
    assert (agent.key, agent.name, agent.continuous) == (DRUG, "inotuzumab ozogamicin", None)
    assert agent.gap is not None
    assert (agent.gap.days, agent.gap.hours, agent.gap.cite.verified) == (6, None, True)
    assert agent.day_rules == {
        1: DayRule(tolerance_days=None, defer_scope=Scope.COURSE),
        8: DayRule(tolerance_days=2, defer_scope=Scope.DOSE),
        15: DayRule(tolerance_days=2, defer_scope=Scope.DOSE),
    }
    late = regimen.late
    assert late is not None
    assert (late.rule, late.omit_from_days, late.reduce_from_days, late.stop_after_days) == (LateRule.OMIT, 7, 14, 28)
    assert not late.cite.verified, "from memory: said where it is shown"
    assert (agent.times.infusion_minutes, agent.times.observation_minutes) == ((60,), (60,))
    assert [(rule.audience, rule.kind, rule.length, rule.statement) for rule in regimen.windows] == [
        ("can-become-pregnant", WindowKind.CONTRACEPTION, "8 months", Statement.LASTS),
        ("partner-can-become-pregnant", WindowKind.CONTRACEPTION, "5 months", Statement.LASTS),
        ("breastfeeding", WindowKind.BREASTFEEDING, "2 months", Statement.LASTS),
    ]
    assert regimen.review is not None
    assert regimen.preparation is not None
    assert (regimen.review.after_cycle, regimen.preparation.hours) == (3, 8)
    assert regimen.liver_watch is not None
    assert sorted(f"{rule.kind} {rule.on} {rule.when} {rule.offset_days}" for rule in regimen.tasks) == [
        "blood-count each-dose before 1",
        "ecg first-dose before 1",
        "electrolytes first-dose before 1",
        "liver-tests each-dose after 1",
        "liver-tests each-dose before 1",
        "pregnancy-test first-dose before 1",
        "response-review cycle-end before 0",
        "response-review cycle-end before 0",
    ]


def test_the_digest_is_that_of_the_text() -> None:
    assert inotuzumab().digest == sha256(GOOD.encode()).hexdigest()
    assert parse_regimen(GOOD + "\n", "r.toml").digest != inotuzumab().digest


def test_a_regimen_answers_for_any_cycle() -> None:
    regimen = inotuzumab()
    assert [regimen.template(cycle).length for cycle in (1, 2, 99)] == [21, 28, 28]
    first = regimen.templates[0]
    series = replace(regimen, templates=(replace(first, count=2), replace(first, count=3, length=25)))
    assert [series.template(cycle).length for cycle in (1, 2, 3, 5, 6)] == [21, 21, 25, 25, 25], "the last goes on"
    assert regimen.all_days() == {1, 8, 15}
    assert regimen.audiences() == ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")
    assert regimen.intents() == ("continue", "transplant")


def test_a_citation_names_document_and_section_and_says_when_it_was_not_read() -> None:
    cite = inotuzumab().templates[0].cite
    assert str(cite) == "Besponsa, US prescribing information, 2.2"
    assert str(replace(cite, section="")) == "Besponsa, US prescribing information"
    assert str(replace(cite, verified=False)) == (
        "Besponsa, US prescribing information, 2.2; not verified, check the label"
    )


def test_a_regimen_cannot_be_changed_afterwards() -> None:
    with pytest.raises(TypeError):
        inotuzumab().counts["continue"] = inotuzumab().counts["transplant"]  # type: ignore[index]
    with pytest.raises(TypeError):
        inotuzumab().agents[DRUG].day_rules[8] = inotuzumab().agents[DRUG].day_rules[1]  # type: ignore[index]


# -- Every shape --------------------------------------------------------------------------------------------------


def shapes() -> Regimen:
    """The made-up regimen that has every shape."""
    return parse_regimen(SHAPES, "several-agents.toml")


def test_agents_stand_in_the_order_of_the_file_with_their_own_facts() -> None:
    alpha, beta, gamma = shapes().agents.values()
    assert [agent.key for agent in (alpha, beta, gamma)] == ["alpha", "beta", "gamma"]
    assert alpha.gap is not None
    assert beta.gap is not None
    assert (alpha.gap.days, alpha.gap.hours) == (7, None)
    assert (beta.gap.days, beta.gap.hours, beta.gap.cite.verified) == (None, 24, False)
    assert gamma.gap is None, "none is stated"
    cite = alpha.times.cite
    assert alpha.times == Times(infusion_minutes=(90, 30), observation_minutes=(90, 30), cite=cite)
    assert (beta.times.infusion_minutes, beta.times.observation_minutes) == ((), ()), "no length, no observation stated"
    assert gamma.continuous is not None
    assert (gamma.continuous.bag_hours, alpha.continuous) == (24, None)
    assert alpha.day_rules[8] == DayRule(tolerance_days=1, defer_scope=Scope.CYCLE)
    assert gamma.day_rules[1] == DayRule(tolerance_days=1, defer_scope=Scope.DOSE)
    assert list(beta.day_rules) == [-1, 0, 1, 2]


def test_cycles_have_the_days_of_each_agent_that_they_have() -> None:
    regimen = shapes()
    assert regimen.template(2).days == {"alpha": (1, 8), "beta": (-1, 0, 1, 2), "gamma": (1,)}
    assert regimen.template(3).days == {"beta": (1, 2)}
    assert regimen.template(2).all_days() == (-1, 0, 1, 2, 8)
    assert regimen.all_days() == {-1, 0, 1, 2, 8}


def test_a_count_is_open_fixed_or_a_default_with_a_maximum() -> None:
    regimen = shapes()
    assert regimen.counts["continue"] == CycleCount(default=4, minimum=1, maximum=None)
    assert regimen.counts["transplant"] == CycleCount(default=2, minimum=2, maximum=2)
    assert inotuzumab().counts["continue"] == CycleCount(default=6, minimum=1, maximum=6)


def test_windows_say_how_long_or_none_or_not_stated_for_each_agent() -> None:
    assert [(rule.agent, rule.jurisdiction, rule.statement, rule.amount, rule.unit) for rule in shapes().windows] == [
        ("alpha", "", Statement.LASTS, 3, Unit.MONTHS),
        ("alpha", "US", Statement.LASTS, 3, Unit.WEEKS),
        ("alpha", "CH", Statement.LASTS, 30, Unit.DAYS),
        ("alpha", "", Statement.NONE, 0, Unit.DAYS),
        ("beta", "", Statement.LASTS, 48, Unit.HOURS),
        ("beta", "", Statement.NOT_STATED, 0, Unit.DAYS),
        ("beta", "", Statement.NOT_STATED, 0, Unit.DAYS),
        *[("gamma", "", Statement.NONE, 0, Unit.DAYS)] * 3,
    ]
    assert shapes().windows[1].length == "3 weeks"
    assert replace(shapes().windows[1], amount=1).length == "1 week"
    assert shapes().audiences() == ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")


def test_tasks_hang_on_doses_of_an_agent_or_on_days_of_the_cycle() -> None:
    eyes, tablets, stay = shapes().tasks
    assert (eyes.on, eyes.when, eyes.offset_days, eyes.agent) == (HangsOn.DAY_ONE, When.BEFORE, 1, "alpha")
    assert eyes.cycles == frozenset({1, 3, 4, 5})
    assert (tablets.on, tablets.days, tablets.at_home, tablets.cycles) == (HangsOn.CYCLE_DAYS, (0, 1, 2), True, None)
    assert (tablets.when, tablets.offset_days, tablets.lasts_days) == (When.BEFORE, 0, 1)
    assert (stay.when, stay.days, stay.lasts_days, stay.at_home) == (When.AFTER, (1,), 9, False)
    assert (stay.intent, stay.audience) == ("transplant", "can-become-pregnant")


def test_what_no_source_gives_is_left_out() -> None:
    regimen = shapes()
    assert (regimen.label_date, regimen.use, regimen.review, regimen.liver_watch, regimen.preparation) == (None,) * 5
    late = regimen.late
    assert late is not None
    assert (late.rule, late.omit_from_days, late.reduce_from_days, late.stop_after_days) == (
        LateRule.SHIFT,
        None,
        None,
        28,
    )


ACCEPTED: list[tuple[str, str, Callable[[Any], Any], Any]] = [
    ("several cycles in a row", changed("count = 1\n", "count = 3\n"), lambda r: r.template(3).length, 21),
    (
        "one shape for all cycles",
        changed("[[cycles]]\ncount = 1\nlength = 21\nshortest = 21\nlongest = 28\n" + DAYS + LABEL, ""),
        lambda r: r.template(1).length,
        28,
    ),
    (
        "no other intent",
        changed("[counts.transplant]\ndefault = 2\nmaximum = 3\n", "").replace(
            GOOD[GOOD.rindex("[[tasks]]") :].strip(), ""
        ),
        lambda r: r.intents(),
        ("continue",),
    ),
    (
        "one cycle",
        changed("default = 2\nmaximum = 3", "default = 1\nmaximum = 1"),
        lambda r: (r.counts["transplant"].default, r.counts["transplant"].maximum),
        (1, 1),
    ),
    (
        "lateness that means the same at once",
        changed("omit_from_days = 7\nreduce_from_days = 14", "omit_from_days = 28\nreduce_from_days = 28"),
        lambda r: (r.late.omit_from_days, r.late.reduce_from_days, r.late.stop_after_days),
        (28, 28, 28),
    ),
    (
        "nothing said of late doses",
        GOOD[: GOOD.index("[late]")] + GOOD[GOOD.index("[review]") :],
        lambda r: r.late,
        None,
    ),
    (
        "a day that must be kept",
        GOOD.replace("tolerance_days = 2", "tolerance_days = 0", 1),
        lambda r: r.agents[DRUG].day_rules[8].tolerance_days,
        0,
    ),
    (
        "no tolerance stated",
        GOOD.replace("tolerance_days = 2\n", "", 1),
        lambda r: r.agents[DRUG].day_rules[8].tolerance_days,
        None,
    ),
    (
        "no gap stated",
        changed('gap = { days = 6, source = "label", section = "2.2", verified = true }\n', ""),
        lambda r: r.agents[DRUG].gap,
        None,
    ),
    (
        "no liver watch",
        GOOD[: GOOD.index("[liver_watch]")] + GOOD[GOOD.index("[preparation]") :],
        lambda r: r.liver_watch,
        None,
    ),
    ("no tasks", GOOD[: GOOD.index("[[tasks]]")], lambda r: r.tasks, ()),
    (
        "times that get shorter",
        changed("infusion_minutes = [60]", "infusion_minutes = [90, 60, 30]"),
        lambda r: r.agents[DRUG].times.infusion_minutes,
        (90, 60, 30),
    ),
    (
        "no observation",
        changed("observation_minutes = [60]", "observation_minutes = [0]"),
        lambda r: r.agents[DRUG].times.observation_minutes,
        (0,),
    ),
    (
        "a task on day 1s",
        changed('kind = "ecg"\non = "first-dose"', 'kind = "ecg"\non = "day-1"'),
        lambda r: r.tasks[3].on,
        HangsOn.DAY_ONE,
    ),
    (
        "the name of the one agent in a window",
        GOOD.replace("[[windows]]\n", f'[[windows]]\nagent = "{DRUG}"\n'),
        lambda r: {rule.agent for rule in r.windows},
        {DRUG},
    ),
    (
        "a gap of hours that the days just keep",
        changed("gap = { days = 6", "gap = { hours = 168"),
        lambda r: r.agents[DRUG].gap.hours,
        168,
    ),
    (
        "an infusion that lasts until the next",
        changed("{ infusion_minutes = [2880]", "{ infusion_minutes = [30240]", SHAPES),
        lambda r: r.agents["gamma"].times.infusion_minutes,
        (21 * 24 * 60,),
    ),
]


@pytest.mark.parametrize(("reason", "text", "look", "expected"), ACCEPTED, ids=[case[0] for case in ACCEPTED])
def test_other_treatments_can_be_described(reason: str, text: str, look: Callable[[Any], Any], expected: Any) -> None:
    assert look(parse_regimen(text, "r.toml")) == expected, reason


# -- Schema 1 -----------------------------------------------------------------------------------------------------

SCHEMA_1 = (FILES / "schema-1.toml").read_text(encoding="utf-8")


def test_a_file_of_schema_1_reads_as_the_same_file_in_schema_2() -> None:
    old = parse_regimen(SCHEMA_1, "old.toml")
    assert (old.version, old.digest) == ("2026.1", sha256(SCHEMA_1.encode()).hexdigest())
    new = inotuzumab()
    assert replace(old, version=new.version, digest=new.digest, use=new.use, preparation=new.preparation) == new


def test_a_file_of_schema_1_says_nothing_of_an_audience_that_it_does_not_name() -> None:
    old = parse_regimen(SCHEMA_1[: SCHEMA_1.index("[[windows]]")], "old.toml")
    assert [(rule.audience, rule.statement, rule.cite.verified) for rule in old.windows] == [
        (audience, Statement.NOT_STATED, False) for audience in inotuzumab().audiences()
    ]
    assert old.tasks == ()
