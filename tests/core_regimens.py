"""Made-up regimens for the tests of the core, each with what one reading needs; no number is a clinical fact."""

from functools import cache

from scheduler import Regimen, parse_regimen

HEAD = """
schema = 2
id = "{id}"
version = "1"
name = "Made up"
jurisdictions = {jurisdictions}
checked_by = "nobody: made up"

[sources.book]
title = "a made-up book"
address = ""
"""
SOURCE = 'source = "book", verified = true'
SILENT = "not_stated = true"
AUDIENCES = ("can-become-pregnant", "partner-can-become-pregnant", "breastfeeding")


def agent(key: str, days: str, *, gap: str = "", infusion: str = "[60]", observed: str = "[30]", more: str = "") -> str:
    """The table of an agent; `days` are the tables of its days, `gap` such as "days = 21"."""
    lengths = [f"infusion_minutes = {infusion}"] if infusion else []
    lengths += [f"observation_minutes = {observed}"] if observed else []
    return f"""
[agents.{key}]
name = "{key}mab"
{f"gap = {{ {gap}, {SOURCE} }}" if gap else ""}
times = {{ {", ".join([*lengths, SOURCE])} }}
{more}
{days}
"""


def cycles(days: str, *, length: int = 21, span: tuple[int, int] | None = None, count: int | None = None) -> str:
    """A table of cycles."""
    shortest, longest = span or (length, length)
    number = f"count = {count}" if count else ""
    return f"""
[[cycles]]
{number}
length = {length}
shortest = {shortest}
longest = {longest}
days = {{ {days} }}
source = "book"
verified = true
"""


def window(key: str, audience: str, says: str, *, where: str = "", verified: str = "true") -> str:
    """What is said of one audience after one agent."""
    place = f'jurisdiction = "{where}"' if where else ""
    return f"""
[[windows]]
agent = "{key}"
audience = "{audience}"
{says}
{place}
source = "book"
verified = {verified}
"""


def silent(*keys: str, but: tuple[tuple[str, str], ...] = ()) -> str:
    """Nothing is said of these agents, but of some audiences."""
    pairs = [(key, audience) for key in keys for audience in AUDIENCES if (key, audience) not in but]
    return "".join(window(key, audience, "none = true") for key, audience in pairs)


@cache
def made_up(*parts: str, id_: str = "made-up", counts: str = "fixed = 3", jurisdictions: str = '["US"]') -> Regimen:
    """The regimen of these parts of a file."""
    count = f'[counts]\nsource = "book"\nverified = true\ncontinue = {{ {counts} }}\n'
    text = HEAD.format(id=id_, jurisdictions=jurisdictions) + "".join(parts) + count
    return parse_regimen(text, "made-up.toml")


ALONE = '{ defer_scope = "dose" }'
COURSE = '{ defer_scope = "course" }'


@cache
def trio() -> Regimen:
    """Alpha and beta on day 1, gamma on days 1, 2 and 8: alpha holds day 1, beta keeps 20 days, gamma is free."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}", gap="days = 21", infusion="[90, 30]", observed="[90, 30]"),
        agent("beta", f"days.1 = {ALONE}", gap="days = 20"),
        agent("gamma", f'days.1 = {ALONE}\ndays.2 = {ALONE}\ndays.8 = {{ tolerance_days = 2, defer_scope = "cycle" }}'),
        cycles("alpha = [1], beta = [1], gamma = [1, 2, 8]", span=(19, 25)),
        silent("alpha", "beta", "gamma"),
        LATE,
    )


LATE = f'[late]\nrule = "shift"\nomit_from_days = 5\n{SOURCE.replace(", ", chr(10))}\n'


@cache
def prepared() -> Regimen:
    """Beta on days -1, 0 and 1 around alpha's day 1, from cycle 2 on; each keeps a day."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}", gap="days = 14"),
        agent("beta", f"days.-1 = {ALONE}\ndays.0 = {ALONE}\ndays.1 = {ALONE}", gap="days = 1"),
        cycles("alpha = [1], beta = [-1, 0, 1]"),
        silent("alpha", "beta"),
    )


@cache
def by_hours() -> Regimen:
    """One agent on days 1 and 4, at least 72 hours apart."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}\ndays.4 = {ALONE}", gap="hours = 72"),
        cycles("alpha = [1, 4]", length=14),
        silent("alpha"),
    )


@cache
def pump() -> Regimen:
    """Alpha, beta, and a pump for 46 hours with a bag of 24 hours, which goes home with the patient."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}", infusion="[120]", observed=""),
        agent("beta", f"days.1 = {ALONE}", infusion="[30]", observed="[15]"),
        agent(
            "flow",
            f"days.1 = {ALONE}",
            infusion="[2760]",
            observed="",
            more=f"continuous = {{ bag_hours = 24, {SOURCE} }}",
        ),
        cycles("alpha = [1], beta = [1], flow = [1]", length=14),
        silent("alpha", "beta", "flow", but=(("flow", AUDIENCES[0]), ("alpha", AUDIENCES[0]))),
        window("flow", AUDIENCES[0], "days = 30"),
        window("alpha", AUDIENCES[0], "hours = 48"),
    )


@cache
def unknown() -> Regimen:
    """Alpha with a length that nobody gives, then beta; observation is stated of beta alone."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}\ndays.8 = {ALONE}", infusion="", observed=""),
        agent("beta", f"days.1 = {ALONE}"),
        cycles("alpha = [1, 8], beta = [1]"),
        silent("alpha", "beta"),
    )


@cache
def open_ended() -> Regimen:
    """One agent without an end: three cycles are planned ahead."""
    return made_up(
        agent("alpha", f"days.1 = {COURSE}"),
        cycles("alpha = [1]"),
        silent("alpha", but=(("alpha", AUDIENCES[0]),)),
        window("alpha", AUDIENCES[0], "months = 6"),
        counts="open = true, plan_ahead = 3",
    )
