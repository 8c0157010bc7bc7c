"""A regimen's value written as the text of a regimen file (schema 2)."""

from collections.abc import Iterator, Mapping
from typing import Any

from scheduler.regimen import Agent, Cite, CycleCount, Regimen, Statement, TaskRule, WindowRule


def text_of(regimen: Regimen) -> str:
    """The file: reading it gives the regimen again, but for the digest of the text."""
    return "\n".join(_lines(regimen)) + "\n"


# -----------------------------------------------------------------------------------------------------------


def _lines(regimen: Regimen) -> Iterator[str]:
    yield from _table("", schema=2, id=regimen.id, version=regimen.version, name=regimen.name)
    yield from _table("", jurisdictions=list(regimen.jurisdictions), checked_by=regimen.checked_by)
    cites = {rule.cite.source.key: rule.cite.source for rule in regimen.windows}
    for key, source in cites.items():
        yield from _table(f"[sources.{key}]", title=source.title, address=source.address, dated=source.dated)
    for agent in regimen.agents.values():
        yield from _agent(agent)
    for template in regimen.templates:
        numbers = {"length": template.length, "shortest": template.shortest, "longest": template.longest}
        yield from _table("[[cycles]]", count=template.count, **numbers, **_cite(template.cite))
        yield from _table("[cycles.days]", **{key: list(days) for key, days in template.days.items()})
    yield from _table("[counts]", **_cite(regimen.counts_cite))
    for intent, count in regimen.counts.items():
        yield from _table(f"[counts.{intent}]", **_count(count))
    if regimen.late:
        late = regimen.late
        numbers = {name: getattr(late, name) for name in ("omit_from_days", "reduce_from_days", "stop_after_days")}
        yield from _table("[late]", rule=late.rule.value, **numbers, **_cite(late.cite))
    if regimen.review:
        yield from _table("[review]", after_cycle=regimen.review.after_cycle, **_cite(regimen.review.cite))
    if regimen.liver_watch:
        weeks = regimen.liver_watch.weekly_tests_after_transplant
        yield from _table("[liver_watch]", weekly_tests_after_transplant=weeks, **_cite(regimen.liver_watch.cite))
    for window in regimen.windows:
        yield from _window(window)
    for task in regimen.tasks:
        yield from _task(task)


def _agent(agent: Agent) -> Iterator[str]:
    place = f"agents.{agent.key}"
    yield from _table(f"[{place}]", name=agent.name)
    if agent.gap:
        yield from _table(f"[{place}.gap]", days=agent.gap.days, hours=agent.gap.hours, **_cite(agent.gap.cite))
    times = agent.times
    minutes = {"infusion_minutes": list(times.infusion_minutes), "observation_minutes": list(times.observation_minutes)}
    yield from _table(f"[{place}.times]", **{key: some or None for key, some in minutes.items()}, **_cite(times.cite))
    if agent.continuous:
        bags = agent.continuous
        yield from _table(f"[{place}.continuous]", bag_hours=bags.bag_hours, **_cite(bags.cite))
    for day, rule in agent.day_rules.items():
        scope = rule.defer_scope.value
        yield from _table(f"[{place}.days.{day}]", tolerance_days=rule.tolerance_days, defer_scope=scope)


def _count(count: CycleCount) -> Mapping[str, Any]:
    if count.maximum is None:
        return {"open": True, "plan_ahead": count.default}
    if count.minimum == count.maximum and count.minimum > 1:
        return {"fixed": count.maximum}
    return {"default": count.default, "maximum": count.maximum}


def _window(rule: WindowRule) -> Iterator[str]:
    said = {Statement.NONE: {"none": True}, Statement.NOT_STATED: {"not_stated": True}}
    says: Mapping[str, Any] = said.get(rule.statement, {rule.unit.value: rule.amount})
    place = {"agent": rule.agent, "audience": rule.audience, "jurisdiction": rule.jurisdiction or None}
    yield from _table("[[windows]]", **place, **says, **_cite(rule.cite))


def _task(rule: TaskRule) -> Iterator[str]:
    yield from _table(
        "[[tasks]]",
        kind=rule.kind,
        on=rule.on.value,
        when=rule.when.value,
        offset_days=None if rule.days else rule.offset_days,
        cycles=sorted(rule.cycles) if rule.cycles else None,
        intent=rule.intent,
        audience=rule.audience,
        agent=rule.agent or None,
        days=list(rule.days) or None,
        at_home=rule.at_home,
        lasts_days=rule.lasts_days,
        **_cite(rule.cite),
    )


def _cite(cite: Cite) -> Mapping[str, Any]:
    return {"source": cite.source.key, "section": cite.section, "verified": cite.verified}


def _table(head: str, /, **values: Any) -> Iterator[str]:
    yield from [head] if head else []
    for key, value in values.items():
        if value is not None:
            yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    return f"{value}"  # a number or a date
