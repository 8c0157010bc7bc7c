"""Every fault of a regimen file with its place and remedy, all at once; hostile files in one sentence."""

from pathlib import Path

import pytest
from hypothesis import given as draw
from hypothesis import settings
from hypothesis import strategies as st

from scheduler import FileRefused, parse_regimen
from tests.core import REGIMENS

FILES = Path(__file__).parent / "regimen_files"
GOOD = (REGIMENS / "inotuzumab-ozogamicin.toml").read_text(encoding="utf-8")
SHAPES = (FILES / "several-agents.toml").read_text(encoding="utf-8")
SCHEMA_1 = (FILES / "schema-1.toml").read_text(encoding="utf-8")
DRUG = "inotuzumab-ozogamicin"
AGENT = f"agents.{DRUG}"
DAYS = f"days.{DRUG} = "
GAP = 'gap = { days = 6, source = "label", section = "2.2", verified = true }'
AUDIENCES = "can-become-pregnant, partner-can-become-pregnant, breastfeeding"
LENGTHS = "hours, days, weeks, months, none, not_stated"
ONE_LINE = "holds a line break or control character, or is over 1,000 characters; write plain text"
NO_DAY = "is not a day of any cycle; remove it or add the day to a cycle"
NUMBERS = 'is not a list of whole numbers and ranges from -30 to 400; write it as [1, 8, "15 to 16"]'


def faults(text: str) -> list[str]:
    """The faults of a file that is refused, without the file's name."""
    with pytest.raises(FileRefused) as caught:
        parse_regimen(text, "r.toml")
    lines = str(caught.value).splitlines()
    assert [f"r.toml, {fault}" for fault in caught.value.faults] == lines
    assert caught.value.source == "r.toml"
    return [line.removeprefix("r.toml, ") for line in lines]


def changed(old: str, new: str, text: str = GOOD) -> str:
    """The shipped file, or another, with one place changed."""
    assert text.count(old) == 1, (text.count(old), old)
    return text.replace(old, new)


def without(start: str, end: str, text: str = GOOD) -> str:
    """A file without what stands from `start` to before `end`."""
    return text[: text.index(start)] + text[text.index(end) :]


def first_days(days: str) -> str:
    """The shipped file with other days in the first cycle."""
    return GOOD.replace(f"{DAYS}[1, 8, 15]", f"{DAYS}{days}", 1)


def rule_before_8(key: str) -> str:
    """The shipped file with a rule for one more day."""
    return changed(
        f"[{AGENT}.days.8]", f'[{AGENT}.days.{key}]\ntolerance_days = 1\ndefer_scope = "dose"\n\n[{AGENT}.days.8]'
    )


CASES: list[tuple[str, str, list[str]]] = [
    ("another schema", changed("schema = 2", "schema = 3"), ["key `schema`: 3 is out of range; use 2 to 2"]),
    (
        "a schema that is true",
        changed("schema = 2", "schema = true"),
        ["key `schema`: is not a whole number from 2 to 2; mend the value"],
    ),
    ("no schema", changed("schema = 2\n", ""), ["key `schema`: is missing; give a whole number from 2 to 2"]),
    (
        "an id with capital letters",
        changed('id = "inotuzumab-ozogamicin"', 'id = "Inotuzumab"'),
        ["key `id`: 'Inotuzumab' holds other signs than small letters, digits and hyphens; rename it"],
    ),
    (
        "an id that leads out of a folder",
        changed('id = "inotuzumab-ozogamicin"', 'id = "../x"'),
        ["key `id`: '../x' holds other signs than small letters, digits and hyphens; rename it"],
    ),
    ("no id", changed('id = "inotuzumab-ozogamicin"\n', ""), ["key `id`: is missing; give a text in quotes"]),
    ("an empty version", changed('version = "2026.2"', 'version = " "'), ["key `version`: is empty; fill it in"]),
    (
        "a version that is a number",
        changed('"2026.2"', "2026.2"),
        ["key `version`: is not a text in quotes; mend the value"],
    ),
    ("a name of two lines", changed('name = "Inotuzumab ozogamicin"', 'name = "a\\nb"'), [f"key `name`: {ONE_LINE}"]),
    (
        "a date in quotes",
        changed("label_date = 2024-03-01", 'label_date = "2024-03-01"'),
        ["key `label_date`: is not a date such as 2026-12-07, without quotes; mend the value"],
    ),
    (
        "one jurisdiction as a text",
        changed('jurisdictions = ["US"]', 'jurisdictions = "US"'),
        ['key `jurisdictions`: is not a list of texts such as ["US"]; mend the value'],
    ),
    (
        "no jurisdiction",
        changed('jurisdictions = ["US"]', "jurisdictions = []"),
        ['key `jurisdictions`: is not a list of short texts; write it as ["US"]'],
    ),
    (
        "a jurisdiction that is a number",
        changed('jurisdictions = ["US"]', 'jurisdictions = ["US", 1]'),
        ['key `jurisdictions`: is not a list of short texts; write it as ["US"]'],
    ),
    (
        "a jurisdiction of two lines",
        changed('jurisdictions = ["US"]', 'jurisdictions = ["U\\nS"]'),
        ['key `jurisdictions`: is not a list of short texts; write it as ["US"]'],
    ),
    (
        "a jurisdiction twice",
        changed('jurisdictions = ["US"]', 'jurisdictions = ["US", "US"]'),
        ["key `jurisdictions`: names one twice; keep one"],
    ),
    (
        "a use of nothing",
        changed('what = "relapsed', 'waht = "relapsed'),
        ["use, key `what`: is missing; give a text in quotes", "use, key `waht`: is unknown; did you mean 'what'?"],
    ),
    # Sources
    (
        "a citation with an unknown source",
        changed('gap = { days = 6, source = "label"', 'gap = { days = 6, source = "lable"'),
        [f"{AGENT}.gap, key `source`: 'lable' is not among [sources]; did you mean 'label'?"],
    ),
    (
        "a citation whose source is a question mark",
        changed('gap = { days = 6, source = "label"', 'gap = { days = 6, source = "?"'),
        [f"{AGENT}.gap, key `source`: '?' is not among [sources]; use one of: label, leaflet, practice"],
    ),
    (
        "an unknown key of a citation",
        changed('section = "2.2", verified = true }', 'section = "2.2", verified = true, page = 3 }'),
        [f"{AGENT}.gap, key `page`: is unknown; use one of: days, hours, section, source, verified"],
    ),
    (
        "verified as a text",
        changed('section = "2.2", verified = true }', 'section = "2.2", verified = "yes" }'),
        [f"{AGENT}.gap, key `verified`: is not true or false; mend the value"],
    ),
    (
        "a source without a title",
        changed('title = "MedlinePlus drug information: inotuzumab ozogamicin injection"\n', ""),
        ["sources.leaflet, key `title`: is missing; give a text in quotes"],
    ),
    (
        "a source without an address",
        changed('address = "https://medlineplus.gov/druginfo/meds/a617041.html"\n', ""),
        [
            "sources.leaflet, key `address`: is missing; give the document's address, or an empty text where there is none"
        ],
    ),
    (
        "an address that is no link",
        changed('address = "https://medlineplus.gov/', 'address = "javascript:'),
        ["sources.leaflet, key `address`: does not begin with https://; give the document's address or an empty text"],
    ),
    (
        "a source from the far future",
        changed("dated = 2024-05-20", "dated = 9024-05-20"),
        ["sources.leaflet, key `dated`: 9024-05-20 is not in the years 1900 to 2199; mend the year"],
    ),
    (
        "a source with a time",
        changed("dated = 2024-05-20", "dated = 2024-05-20T10:00:00Z"),
        ["sources.leaflet, key `dated`: is a date with a time; write the date alone, such as 2026-12-07"],
    ),
    # Agents
    (
        "no agents",
        without(f"[{AGENT}]", "[[cycles]]").replace(f"{DAYS}[1, 8, 15]", "days = {}"),
        [
            "key `agents`: is missing; add the table [agents]",
            *(f"cycles {n}.days: names no agent; write it as days.KEY = [1, 8]" for n in (1, 2)),
            *(f"windows {n}, key `agent`: is missing; give a text in quotes" for n in (1, 2, 3)),
        ],
    ),
    (
        "an empty table of agents",
        without(f"[{AGENT}]", "[[cycles]]").replace(f"{DAYS}[1, 8, 15]", "days = {}") + "\n[agents]\n",
        [
            "agents: names no agent; add a table such as [agents.paclitaxel]",
            *(f"cycles {n}.days: names no agent; write it as days.KEY = [1, 8]" for n in (1, 2)),
            *(f"windows {n}, key `agent`: is missing; give a text in quotes" for n in (1, 2, 3)),
        ],
    ),
    (
        "agents that are no table",
        'agents = "x"\n' + without(f"[{AGENT}]", "[[cycles]]").replace(f"{DAYS}[1, 8, 15]", "days = {}"),
        [
            "agents: is not a table; write it as one",
            "agents: names no agent; add a table such as [agents.paclitaxel]",
            *(f"cycles {n}.days: names no agent; write it as days.KEY = [1, 8]" for n in (1, 2)),
            *(f"windows {n}, key `agent`: is missing; give a text in quotes" for n in (1, 2, 3)),
        ],
    ),
    (
        "an agent's key with capital letters",
        GOOD.replace(AGENT, "agents.Besponsa").replace(DAYS, "days.Besponsa = "),
        [
            "agents, key `Besponsa`: holds other signs than small letters, digits and hyphens, or over 60; rename it",
        ],
    ),
    (
        "an agent without a name",
        changed('name = "inotuzumab ozogamicin"\n', ""),
        [f"{AGENT}, key `name`: is missing; give a text in quotes"],
    ),
    (
        "an agent that is never given",
        changed(", gamma = [1] }", " }", SHAPES).replace(
            "days.1 = { tolerance_days = 1, defer_scope", "days.9 = { defer_scope"
        ),
        [
            f"agents.gamma.days, key `9`: {NO_DAY}",
            "agents.gamma: has no day in any cycle; add its days to [[cycles]] or remove the agent",
        ],
    ),
    (
        "a misspelt key of a clinical rule",
        changed("gap = { days = 6", "gpa = { days = 6"),
        [f"{AGENT}, key `gpa`: is unknown; did you mean 'gap'?"],
    ),
    (
        "a gap that is true",
        changed("gap = { days = 6", "gap = { days = true"),
        [f"{AGENT}.gap, key `days`: is not a whole number from 1 to 400; mend the value"],
    ),
    (
        "a gap of days and hours",
        changed("gap = { days = 6", "gap = { days = 6, hours = 72"),
        [f"{AGENT}.gap: needs either days or hours; give one of them"],
    ),
    (
        "a gap of nothing",
        changed("gap = { days = 6,", "gap = {"),
        [f"{AGENT}.gap: needs either days or hours; give one of them"],
    ),
    (
        "a gap longer than the days are apart",
        changed("gap = { days = 6", "gap = { days = 8"),
        [
            f"{AGENT}.gap, key `days`: 8 is longer than the step of 7 days in cycles 1; mend days or the gap",
            f"{AGENT}.gap, key `days`: 8 is longer than the step of 7 days in cycles 2; mend days or the gap",
        ],
    ),
    (
        "hours longer than the days are apart",
        changed("gap = { hours = 24", "gap = { hours = 25", SHAPES),
        [
            f"agents.beta.gap, key `hours`: 25 is longer than the step of 1 days in cycles {n}; mend days or the gap"
            for n in (1, 2)
        ],
    ),
    (
        "a gap longer than from the last cycles of one shape to the first of the next",
        changed("days = { beta = [1, 2] }", "days = { beta = [1, 19] }", SHAPES)
        .replace('["-1 to 2"]', "[21]")
        .replace("shortest = 19", "shortest = 21")
        .replace("gap = { hours = 24", "gap = { hours = 48")
        .replace("days.-1 = {", "days.19 = {")
        .replace("days.0 = {", "days.21 = {")
        .replace('days.2 = { defer_scope = "dose" }\n', ""),
        ["agents.beta.gap, key `hours`: 48 is longer than the step of 1 days in cycles 1; mend days or the gap"],
    ),
    (
        "two doses on one day at the turn of a cycle",
        changed("days = { beta = [1, 2] }", "days = { alpha = [1], beta = [0, 28] }", SHAPES)
        .replace("gap = { hours = 24", "gap = { hours = 1")
        .replace('days.1 = { defer_scope = "course" }   # from cycle 3', 'days.1 = { defer_scope = "dose" }  #')
        .replace(
            'days.2 = { defer_scope = "dose" }', 'days.2 = { defer_scope = "dose" }\ndays.28 = { defer_scope = "dose" }'
        ),
        [
            "agents.beta.gap, key `hours`: 1 is longer than the step of 0 days in cycles 2; mend days or the gap",
            "agents.beta: has two doses on one day in cycles 2; mend the days",
        ],
    ),
    (
        "a gap that is no table",
        changed(GAP, "gap = 6"),
        [
            f"{AGENT}.gap: is not a table; write it as one",
            f"{AGENT}.gap: needs either days or hours; give one of them",
            f"{AGENT}.gap, key `source`: is missing; give a text in quotes",
            f"{AGENT}.gap, key `verified`: is missing; give true or false",
        ],
    ),
    (
        "an agent of no times",
        without(f"[{AGENT}.times]", f"[{AGENT}.days.1]"),
        [f"{AGENT}, key `times`: is missing; add the table [times]"],
    ),
    (
        "an infusion of no minutes",
        changed("infusion_minutes = [60]", "infusion_minutes = [0]"),
        [f"{AGENT}.times, key `infusion_minutes`: is not a list of whole numbers from 1 to 60000; write it as [1]"],
    ),
    (
        "minutes that are no list",
        changed("infusion_minutes = [60]", "infusion_minutes = 60"),
        [f"{AGENT}.times, key `infusion_minutes`: is not a list of whole numbers from 1 to 60000; mend the value"],
    ),
    (
        "an infusion that runs on without an end",
        changed("infusion_minutes = [2880], ", "", SHAPES),
        ["agents.gamma.continuous: runs on until an end that nothing gives; add infusion_minutes to the agent's times"],
    ),
    (
        "an infusion that runs into the next",
        changed("infusion_minutes = [2880]", "infusion_minutes = [30241]", SHAPES),
        [
            (
                "agents.gamma.times, key `infusion_minutes`: 30241 is longer than the step of 21 days in cycles 1;"
                " mend the days or the length"
            )
        ],
    ),
    (
        "an infusion that runs on before the others",
        changed('continuous = { bag_hours = 24, source = "book", verified = true }\n', "", SHAPES)
        .replace("[agents.beta]", '[agents.beta]\ncontinuous = { source = "book", verified = true }')
        .replace("times = { source", "times = { infusion_minutes = [60], source"),
        ["agents, key `beta`: runs on after the visit; put its table behind those of the agents that end on the visit"],
    ),
    # Cycles
    (
        "no cycles",
        without("[[cycles]]", "[counts]"),
        ["key `cycles`: is missing; describe the cycles in at least one table [[cycles]]"],
    ),
    (
        "cycles that are no tables",
        "cycles = [1]\n" + without("[[cycles]]", "[counts]"),
        [
            "cycles 1: is not a table; write it as one",
            *(
                f"cycles 1, key `{key}`: is missing; {wanted}"
                for key, wanted in (
                    ("length", "give a whole number from 1 to 400"),
                    ("shortest", "give a whole number from 1 to 400"),
                    ("longest", "give a whole number from 1 to 400"),
                    ("days", "add the table [days]"),
                    ("source", "give a text in quotes"),
                    ("verified", "give true or false"),
                )
            ),
        ],
    ),
    (
        "a length outside its own range",
        changed("length = 21", "length = 29"),
        ["cycles 1, key `length`: 29 is not between shortest 21 and longest 28; mend one of them"],
    ),
    (
        "a length of no days",
        changed("length = 21", "length = 0"),
        [
            "cycles 1, key `length`: 0 is out of range; use 1 to 400",
        ],
    ),
    (
        "a last table with a count",
        GOOD.replace(
            "[[cycles]]                     # without a count: all cycles that follow\n", "[[cycles]]\ncount = 5\n"
        ),
        [
            "cycles 2, key `count`: does not belong into the last table [[cycles]], which covers all that follow; remove it"
        ],
    ),
    (
        "a table before the last without one",
        changed("count = 1\n", ""),
        ["cycles 1, key `count`: is missing; say how many such cycles come before those of the next table"],
    ),
    (
        "a day outside the cycle",
        first_days("[1, 8, 22]"),
        [
            f"cycles 1, key `days`: day 22 of '{DRUG}' is after the shortest cycle of 21 days; use days up to 21",
            f"{AGENT}.days, key `22`: is missing; add a table for day 22 with its defer_scope",
            f"{AGENT}.gap, key `days`: 6 is longer than the step of 0 days in cycles 1; mend days or the gap",
            f"{AGENT}: has two doses on one day in cycles 1; mend the days",
        ],
    ),
    (
        "days that do not rise",
        first_days("[1, 15, 8]"),
        [f"cycles 1.days, key `{DRUG}`: does not rise; list each number once, from the lowest on"],
    ),
    (
        "a range that runs into the next day",
        changed('["-1 to 2"]', '["-1 to 2", 2]', SHAPES),
        ["cycles 1.days, key `beta`: does not rise; list each number once, from the lowest on"],
    ),
    ("a range that falls", first_days('["8 to 1"]'), [f"cycles 1.days, key `{DRUG}`: {NUMBERS}"]),
    ("a range in words", first_days('["1 until 8"]'), [f"cycles 1.days, key `{DRUG}`: {NUMBERS}"]),
    ("a range in other digits", first_days('["1 to ٨"]'), [f"cycles 1.days, key `{DRUG}`: {NUMBERS}"]),
    ("a day before all days", first_days("[-31, 1]"), [f"cycles 1.days, key `{DRUG}`: {NUMBERS}"]),
    ("no days", first_days("[]"), [f"cycles 1.days, key `{DRUG}`: {NUMBERS}"]),
    ("a day that is true", first_days("[1, true]"), [f"cycles 1.days, key `{DRUG}`: {NUMBERS}"]),
    (
        "days that are no list",
        first_days("8"),
        [f'cycles 1.days, key `{DRUG}`: is not a list of whole numbers such as [1, 8, "15 to 16"]; mend the value'],
    ),
    (
        "days that no agent has",
        GOOD.replace(f"{DAYS}[1, 8, 15]", "days = [1, 8, 15]", 1),
        [
            "cycles 1.days: is not a table; write it as one",
            "cycles 1.days: names no agent; write it as days.KEY = [1, 8]",
        ],
    ),
    (
        "days of an agent that there is not",
        GOOD.replace(DAYS, "days.inotuzumab-ozogamycin = ", 1),
        [
            f"cycles 1.days, key `inotuzumab-ozogamycin`: 'inotuzumab-ozogamycin' is not among [agents]; did you mean '{DRUG}'?"
        ],
    ),
    (
        "days that begin later",
        first_days("[8, 15]"),
        ["cycles 1, key `days`: no agent has day 1; every cycle starts with one, so count the days from it"],
    ),
    (
        "a day before the first of the agent that moves the cycle",
        changed("days = { beta = [1, 2] }", "days = { beta = [0, 1, 2] }", SHAPES),
        ["cycles 2, key `days`: 'beta' is the first on day 1 and has a day before it; count the days from its first"],
    ),
    (
        "an unknown key of a cycle",
        changed("count = 1\n", "count = 1\nlenght = 21\n"),
        ["cycles 1, key `lenght`: is unknown; did you mean 'length'?"],
    ),
    ("a rule for a day that no cycle has", rule_before_8("9"), [f"{AGENT}.days, key `9`: {NO_DAY}"]),
    ("a rule for a day in other digits", rule_before_8('"²"'), [f"{AGENT}.days, key `²`: {NO_DAY}"]),
    (
        "a rule for a day of five thousand digits",
        rule_before_8("1" * 5000),
        [f"{AGENT}.days, key `'{'1' * 60}'`: {NO_DAY}"],
    ),
    ("two rules for one day", rule_before_8("08"), [f"{AGENT}.days, key `08`: {NO_DAY}"]),
    ("day 0 with a sign", rule_before_8("-0"), [f"{AGENT}.days, key `-0`: {NO_DAY}"]),
    (
        "a day without a rule",
        changed(f'[{AGENT}.days.8]\ntolerance_days = 2\ndefer_scope = "dose"\n', ""),
        [f"{AGENT}.days, key `8`: is missing; add a table for day 8 with its defer_scope"],
    ),
    (
        "a tolerance for day 1",
        changed('defer_scope = "course"', 'tolerance_days = 2\ndefer_scope = "course"'),
        [f"{AGENT}.days.1, key `tolerance_days`: day 1 moves its whole cycle, so it has no tolerance; remove it"],
    ),
    (
        "a day 1 that moves alone",
        changed('defer_scope = "course"', 'defer_scope = "dose"'),
        [f'{AGENT}.days.1, key `defer_scope`: day 1 moves its whole cycle; write defer_scope = "course"'],
    ),
    (
        "a day 1 of the second agent that moves the cycle",
        changed('days.1 = { tolerance_days = 1, defer_scope = "dose" }', 'days.1 = { defer_scope = "course" }', SHAPES),
        [
            (
                "agents.gamma.days.1, key `defer_scope`: another agent is first on day 1 and moves the cycle;"
                ' write defer_scope = "dose"'
            )
        ],
    ),
    (
        "an unknown scope",
        GOOD.replace('defer_scope = "dose"', 'defer_scope = "does"', 1),
        [f"{AGENT}.days.8, key `defer_scope`: 'does' is unknown; did you mean 'dose'?"],
    ),
    # Counts and what follows
    (
        "a default above the maximum",
        changed("default = 6", "default = 7"),
        ["counts.continue, key `default`: 7 is more than the maximum 6; mend one of them"],
    ),
    (
        "a default of no cycles",
        changed("default = 2", "default = 0"),
        ["counts.transplant, key `default`: 0 is out of range; use 1 to 99"],
    ),
    (
        "a fixed number beside a maximum",
        changed("default = 2", "fixed = 2"),
        ["counts.transplant, key `maximum`: is unknown; use one of: fixed"],
    ),
    (
        "an open end beside a maximum",
        changed("default = 2", "open = true\nplan_ahead = 2"),
        ["counts.transplant, key `maximum`: is unknown; use one of: fixed, open, plan_ahead"],
    ),
    (
        "an open end that is none",
        changed("open = true", "open = false", SHAPES),
        ["counts.continue, key `open`: is not true; write true, or give default and maximum"],
    ),
    (
        "an open end without a number to plan",
        changed(", plan_ahead = 4", "", SHAPES),
        ["counts.continue, key `plan_ahead`: is missing; give a whole number from 1 to 99"],
    ),
    (
        "an unknown intent",
        changed("[counts.transplant]", "[counts.transplnt]"),
        [
            "counts, key `transplnt`: is unknown; did you mean 'transplant'?",
            "tasks 8, key `intent`: 'transplant' is unknown; use one of: continue",
        ],
    ),
    (
        "no usual intent",
        changed("[counts.continue]\ndefault = 6\nmaximum = 6\n", ""),
        ["counts, key `continue`: is missing; add the table [continue]"],
    ),
    (
        "lateness that does not rise",
        changed("reduce_from_days = 14", "reduce_from_days = 29"),
        ["late: the numbers of days do not rise; mend them"],
    ),
    (
        "a late rule that nobody knows",
        changed('rule = "omit"', 'rule = "skip"'),
        ["late, key `rule`: 'skip' is unknown; use one of: omit, shift"],
    ),
    (
        "a preparation of no hours",
        changed("hours = 8", "hours = 0"),
        ["preparation, key `hours`: 0 is out of range; use 1 to 240"],
    ),
    # Windows
    (
        "a window for nobody we know",
        changed('audience = "can-become-pregnant"\nmonths', 'audience = "everybody"\nmonths'),
        [f"windows 1, key `audience`: 'everybody' is unknown; use one of: {AUDIENCES}"],
    ),
    (
        "a window without a length",
        changed("months = 8\n", ""),
        [f"windows 1: needs one of {LENGTHS}; give exactly one"],
    ),
    (
        "a window of two lengths",
        changed("months = 8\n", "months = 8\nnone = true\n"),
        [f"windows 1: needs one of {LENGTHS}; give exactly one"],
    ),
    (
        "a window for ever",
        changed("months = 8\n", "months = 121\n"),
        ["windows 1, key `months`: 121 is out of range; use 1 to 120"],
    ),
    (
        "a window that is not none",
        changed("months = 8\n", "none = false\n"),
        ["windows 1, key `none`: is not true; write true, or how long the window lasts"],
    ),
    (
        "a kind, which follows from the audience",
        changed("months = 8\n", 'months = 8\nkind = "contraception"\n'),
        [
            (
                "windows 1, key `kind`: is unknown; use one of: agent, audience, days, hours, jurisdiction, months, none,"
                " not_stated, section, source, verified, weeks"
            )
        ],
    ),
    (
        "the same window twice",
        changed('audience = "partner-can-become-pregnant"', 'audience = "can-become-pregnant"'),
        [
            *(
                f"windows {number}, key `audience`: 'can-become-pregnant' has this window twice; keep one"
                for number in (1, 2)
            ),
            (
                f"key `windows`: nothing is said of 'partner-can-become-pregnant' after '{DRUG}';"
                " add a table [[windows]], with not_stated = true where the source says nothing"
            ),
        ],
    ),
    (
        "no windows at all",
        without("[[windows]]", "[[tasks]]"),
        [
            f"key `windows`: nothing is said of '{audience}' after '{DRUG}';"
            " add a table [[windows]], with not_stated = true where the source says nothing"
            for audience in AUDIENCES.split(", ")
        ],
    ),
    (
        "a window of one jurisdiction only",
        changed('jurisdiction = "CH"', 'jurisdiction = "EU"', changed('["US", "CH"]', '["US", "CH", "EU"]', SHAPES)),
        [
            (
                "key `windows`: nothing is said of 'partner-can-become-pregnant' after 'alpha' in CH;"
                " add a table [[windows]], with not_stated = true where the source says nothing"
            )
        ],
    ),
    (
        "a window of a jurisdiction that the file does not name",
        changed('jurisdiction = "CH"', 'jurisdiction = "EU"', SHAPES),
        [
            "windows 3, key `jurisdiction`: 'EU' is unknown; use one of: US, CH",
            *(
                f"windows {n}, key `audience`: 'partner-can-become-pregnant' has this window twice; keep one"
                for n in (2, 3)
            ),
            (
                "key `windows`: nothing is said of 'partner-can-become-pregnant' after 'alpha' in CH;"
                " add a table [[windows]], with not_stated = true where the source says nothing"
            ),
        ],
    ),
    (
        "a window for one jurisdiction beside one for all",
        changed('jurisdiction = "CH"\n', "", SHAPES),
        [
            (
                "windows 2, key `jurisdiction`: 'partner-can-become-pregnant' has a window for all jurisdictions too;"
                " keep one kind"
            )
        ],
    ),
    (
        "a window of which of several agents",
        SHAPES.replace('agent = "alpha"\naudience = "can-', 'audience = "can-', 1),
        ["windows 1, key `agent`: is missing; give a text in quotes"],
    ),
    (
        "a window of an agent that there is not",
        SHAPES.replace('agent = "alpha"\naudience = "can-', 'agent = "alhpa"\naudience = "can-', 1),
        ["windows 1, key `agent`: 'alhpa' is unknown; did you mean 'alpha'?"],
    ),
    # Tasks
    (
        "a task without words in the calendars",
        changed('kind = "ecg"', 'kind = "xray"'),
        [
            (
                "tasks 4, key `kind`: 'xray' is unknown; use one of: blood-count, liver-tests, ecg, electrolytes,"
                " pregnancy-test, response-review, eye-exam, dexamethasone, hospital-stay"
            )
        ],
    ),
    (
        "a task that hangs on nothing",
        changed('kind = "ecg"\non = "first-dose"', 'kind = "ecg"\non = "last-dose"'),
        ["tasks 4, key `on`: 'last-dose' is unknown; did you mean 'first-dose'?"],
    ),
    (
        "a task for an audience without a window",
        changed('audience = "can-become-pregnant"\nsource', 'audience = "carers"\nsource'),
        [f"tasks 6, key `audience`: 'carers' is unknown; use one of: {AUDIENCES}"],
    ),
    (
        "a task of cycle 0",
        changed("\ncycles = [3]\n", "\ncycles = [0]\n"),
        [
            'tasks 7, key `cycles`: is not a list of whole numbers and ranges from 1 to 99; write it as [1, 8, "15 to 16"]'
        ],
    ),
    (
        "a task after three years",
        changed(
            'kind = "ecg"\non = "first-dose"\nwhen = "before"\noffset_days = 1',
            'kind = "ecg"\non = "first-dose"\nwhen = "before"\noffset_days = 1000',
        ),
        ["tasks 4, key `offset_days`: 1000 is out of range; use 0 to 400"],
    ),
    (
        "days of the cycle and an offset",
        changed('days = ["0 to 2"]', 'days = ["0 to 2"]\noffset_days = 1', SHAPES),
        ['tasks 2, key `offset_days`: has no meaning with on = "cycle-days"; remove it and name the days'],
    ),
    (
        "days of the cycle and none named",
        changed('days = ["0 to 2"]\n', "", SHAPES),
        ['tasks 2, key `days`: is missing; give a list of whole numbers such as [1, 8, "15 to 16"]'],
    ),
    (
        "days with what hangs on doses",
        changed("offset_days = 1\n", "offset_days = 1\ndays = [1]\n", SHAPES),
        ['tasks 1, key `days`: belongs to on = "cycle-days" alone; remove it or change `on`'],
    ),
    (
        "an agent for days of the cycle",
        changed('days = ["0 to 2"]', 'days = ["0 to 2"]\nagent = "alpha"', SHAPES),
        ['tasks 2, key `agent`: has no meaning with on = "cycle-days", which is the same for all agents; remove it'],
    ),
    (
        "tasks that are no list",
        GOOD[: GOOD.index("[[tasks]]")] + "[tasks]\n",
        ["key `tasks`: is not a list of tables, each headed [[tasks]]; mend the value"],
    ),
    (
        "a table that nobody asked for",
        GOOD + "\n[zzz]\n",
        [
            "key `zzz`: is unknown; use one of: agents, checked_by, counts, cycles, id, jurisdictions, label_date, late, liver_watch, name, preparation, review, schema, sources, tasks, use, version, windows"
        ],
    ),
]


@pytest.mark.parametrize(("reason", "text", "expected"), CASES, ids=[reason for reason, _, _ in CASES])
def test_a_fault_is_told_with_its_place_and_remedy(reason: str, text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_without_sources_every_fact_lacks_its_own() -> None:
    text = without("[sources.label]", f"[{AGENT}]")
    found = faults(text)
    assert found[:2] == [
        "key `sources`: is missing; add the table [sources]",
        "cycles 1, key `source`: 'label' is not among [sources]; there is none to choose from",
    ]
    assert faults(text + "\n[sources]\n")[0] == "sources: names no source; add at least one, such as [sources.label]"


def test_an_empty_file_tells_everything_that_belongs_into_it() -> None:
    found = faults("")
    assert [fault.split(":")[0] for fault in found] == [
        f"key `{key}`"
        for key in (
            "schema",
            "sources",
            "agents",
            "cycles",
            "counts",
            "jurisdictions",
            "id",
            "version",
            "name",
            "checked_by",
        )
    ]
    assert all("is missing" in fault for fault in found)


def test_all_faults_are_told_at_once() -> None:
    text = changed("length = 21", "length = 99").replace('id = "inotuzumab-ozogamicin"', 'id = "X"')
    text = text.replace("months = 5", "months = 500").replace("default = 2", "default = 3.5")
    assert [fault.split(":")[0] for fault in faults(text)] == [
        "cycles 1, key `length`",
        "counts.transplant, key `default`",
        "key `id`",
        "windows 2, key `months`",
    ]


def test_more_agents_than_any_visit_has_are_refused() -> None:
    agents = "".join(f"[agents.a{n}]\n" for n in range(21))
    assert "agents: are more than 20; split the regimen" in faults(agents)


def test_more_cycles_than_any_course_has_are_refused() -> None:
    told = faults(GOOD + "\n[[cycles]]\n" * 100)
    assert "key `cycles`: are more than 99 tables; use count for cycles of the same shape" in told


def test_of_faults_without_end_two_hundred_are_told() -> None:
    told = faults("".join(f"k{number} = 1\n" for number in range(1000)))
    assert (len(told), told[-1]) == (201, "file: has more than these 200 faults; mend them first")


OLD_CASES = [
    ("the gap", ("min_gap_days = 6", "min_gap_days = 0"), "key `min_gap_days`: 0 is out of range; use 1 to 400"),
    (
        "the gap's source",
        ('gap = { source = "label"', 'gap = { source = "lable"'),
        "gap, key `source`: 'lable' is not among [sources]; did you mean 'label'?",
    ),
    ("the agent", ('agent = "inotuzumab ozogamicin"', 'agent = ""'), "key `agent`: is empty; fill it in"),
    ("no agent", ('agent = "inotuzumab ozogamicin"\n', ""), "key `agent`: is missing; give a text in quotes"),
    (
        "a day's rule",
        ('defer_scope = "course"', 'defer_scope = "dose"'),
        'days.1, key `defer_scope`: day 1 moves its whole cycle; write defer_scope = "course"',
    ),
    (
        "the times",
        ("infusion_minutes = [60]", "infusion_minutes = 60"),
        "times, key `infusion_minutes`: is not a list of whole numbers from 1 to 60000; mend the value",
    ),
    (
        "a task's cycle",
        ("\ncycle = 3\n", "\ncycle = 0\n"),
        'tasks 7, key `cycles`: is not a list of whole numbers and ranges from 1 to 99; write it as [1, 8, "15 to 16"]',
    ),
    (
        "the jurisdiction",
        ('jurisdiction = "US"', "jurisdiction = 1"),
        'key `jurisdiction`: is not a list of short texts; write it as ["US"]',
    ),
    (
        "a kind that does not fit",
        ('audience = "breastfeeding"\nkind = "breastfeeding"', 'audience = "breastfeeding"\nkind = "contraception"'),
        "windows 3, key `kind`: is unknown; use one of: agent, audience, days, hours, jurisdiction, months, none, not_stated, section, source, verified, weeks",
    ),
]


@pytest.mark.parametrize(("reason", "change", "expected"), OLD_CASES, ids=[case[0] for case in OLD_CASES])
def test_a_fault_of_a_file_of_schema_1_is_told_where_it_stands(
    reason: str, change: tuple[str, str], expected: str
) -> None:
    assert faults(changed(*change, SCHEMA_1)) == [expected]


def test_a_file_of_schema_1_that_is_no_such_file_is_refused_like_any_other() -> None:
    found = faults(
        'schema = 1\ngap = 1\ncycles = 1\ntasks = [1]\nwindows = [1, {}]\nsources = 2\ndays = [1]\ntimes = ""\n'
    )
    assert "gap: is not a table; write it as one" in found
    assert "key `cycles`: is not a list of tables, each headed [[cycles]]; mend the value" in found
    assert "tasks 1: is not a table; write it as one" in found
    assert "windows 1: is not a table; write it as one" in found
    assert "sources: is not a table; write it as one" in found
    assert faults("schema = 1\nwindows = 1\n")


# -- Hostile files ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fault", "reason"),
    [
        ("#" * 10_000_000, "file: is longer than 200,000 characters; shorten it", "ten million characters"),
        ("a = " + "[" * 100_000, "file: holds tables or lists too deep inside each other; make it flatter", "depth"),
        ("a" + ".a" * 99_000 + " = 1", "file: line 1 has more than 100 dots; shorten it", "one key of many parts"),
        ("a = " + "9" * 5000, "file: holds a number of thousands of digits; shorten it", "digits"),
        ("a = '\udfff'", "file: line 1 holds half of a character; type it anew", "half of a character"),
        ("not toml", "file: is not valid TOML: ", "not TOML at all"),
    ],
)
def test_a_hostile_file_is_refused_in_one_sentence(text: str, fault: str, reason: str) -> None:
    (found,) = faults(text)
    assert found.startswith(fault), reason
    assert len(found) < 200


def outcome(text: str) -> list[str]:
    """The places of all faults, or the regimen's id and version."""
    try:
        regimen = parse_regimen(text, "r.toml")
    except FileRefused as refused:
        return [fault.place for fault in refused.faults] or [""]
    return [regimen.id, regimen.version]


LINES = GOOD.splitlines()
VALUES = st.sampled_from(
    ["0", "-1", "1", "99999", "true", "1.5", '""', '"x"', '"?"', "[]", "[1]", "{}", "2026-12-07", "0x" + "f" * 5000]
)


@draw(st.integers(0, len(LINES) - 1), VALUES)
@settings(max_examples=100)
def test_any_value_in_any_line_is_read_or_refused_with_its_place(number: int, value: str) -> None:
    key, equals, _ = LINES[number].partition("=")
    text = "\n".join([*LINES[:number], f"{key}{equals} {value}" if equals else value, *LINES[number + 1 :]])
    assert all(outcome(text))


@draw(st.lists(st.integers(0, len(LINES) - 1), min_size=1, max_size=20, unique=True))
@settings(max_examples=100)
def test_a_file_with_lines_missing_is_read_or_refused_with_places(missing: list[int]) -> None:
    text = "\n".join(line for number, line in enumerate(LINES) if number not in missing)
    assert all(outcome(text))
