"""The plan as plain JSON values, in the shape of the interface contract (schema 1)."""

from datetime import date, datetime
from typing import Any

from scheduler.action_fields import action_to_fields
from scheduler.plan import Advice, Dose, Fact, Plan, RecordedAction, Task, VisitTimes, Why, Window


def plan_to_dict(plan: Plan) -> dict[str, Any]:
    """The plan as one JSON object. Dates are ISO; instants carry the offset that holds then in the clinic's zone."""
    return {
        "schema": 1,
        "regimen": {
            "id": plan.regimen.id,
            "version": plan.regimen.version,
            "name": plan.regimen.name,
            "checked_by": plan.regimen.checked_by,
        },
        "zone": plan.course.zone,
        "intent": plan.intent,
        "revision": plan.revision,
        "today": plan.today.isoformat(),
        "cycles": [
            {
                "number": cycle.number,
                "day1": cycle.day1.isoformat(),
                "length_days": cycle.length_days,
                "last_day": cycle.last_day.isoformat(),
                "doses": [_dose(dose) for dose in cycle.doses],
            }
            for cycle in plan.cycles
        ],
        "windows": [_window(window) for window in plan.windows],
        "tasks": [_task(task) for task in plan.tasks],
        "advice": [_advice(advice) for advice in plan.advice],
        "actions": [_action(recorded) for recorded in plan.actions],
    }


def why_to_dict(why: Why) -> dict[str, Any]:
    """The reasons of one date: the sentence, and the chain of facts from rule to result."""
    sentence, chain = why()
    return {"why": sentence, "chain": [_fact(fact) for fact in chain]}


# ---------------------------------------------------------------------------------------------------------------------


def _dose(dose: Dose) -> dict[str, Any]:
    return {
        "cycle": dose.cycle,
        "day": dose.day,
        **({"agent": dose.agent} if dose.agent else {}),
        "nominal": dose.nominal.isoformat(),
        "date": dose.date.isoformat() if dose.date else None,
        "state": dose.state.value,
        "confirmed": dose.confirmed,
        "elsewhere": dose.elsewhere,
        **_times(dose.times),
        **why_to_dict(dose.why),
    }


def _times(times: VisitTimes | None) -> dict[str, Any]:
    if times is None:
        return {"arrival": None, "premedication": None, "infusion": None, "observation": None}
    end = _instant(times.infusion_end) if times.length_known else None
    watched = {"start": end, "end": _instant(times.observation_end)}
    return {
        "arrival": _instant(times.arrival),
        "premedication": _instant(times.premedication),
        "infusion": {"start": _instant(times.infusion_start) if times.start_known else None, "end": end},
        "observation": watched if times.observed and times.length_known else None,
        **_runs_on(times),
    }


def _runs_on(times: VisitTimes) -> dict[str, Any]:
    if not times.runs_on:
        return {}
    changes = [_instant(change) for change in times.bag_changes]
    return {"bag_changes": changes, "disconnect": _instant(times.disconnect) if times.disconnect else None}


def _window(window: Window) -> dict[str, Any]:
    return {
        "audience": window.audience,
        "kind": window.kind.value,
        "last_dose": window.last_dose.isoformat() if window.last_dose else None,
        "through": window.through.isoformat() if window.through else None,
        "until": _instant(window.until) if window.until else None,
        "final": window.final,
        "shown": window.shown,
        "verified": window.verified,
        **({"agent": window.agent} if window.agent else {}),
        **({"not_stated": list(window.not_stated)} if window.not_stated else {}),
        **why_to_dict(window.why),
    }


def _task(task: Task) -> dict[str, Any]:
    return {
        "kind": task.kind,
        "cycle": task.cycle,
        "day": task.day,
        "when": task.when.value,
        "date": task.date.isoformat(),
        **({"agent": task.agent} if task.agent else {}),
        **({"at_home": True} if task.at_home else {}),
        **({"lasts_days": task.lasts_days} if task.lasts_days > 1 else {}),
        **why_to_dict(task.why),
    }


def _advice(advice: Advice) -> dict[str, Any]:
    suggest = advice.suggest
    return {
        "code": advice.code,
        "severity": advice.severity.value,
        "cycle": advice.cycle,
        "day": advice.day,
        "message": advice.message,
        "suggest": None
        if suggest is None
        else {
            "kind": suggest.kind,
            "cycle": suggest.cycle,
            "day": suggest.day,
            **({"agent": suggest.agent} if suggest.agent else {}),
            **({"to": suggest.to.isoformat()} if suggest.to and suggest.kind == "defer" else {}),
            **({"on": suggest.to.isoformat()} if suggest.to and suggest.kind == "given" else {}),
            **({"scope": suggest.scope} if suggest.scope else {}),
        },
    }


def _action(recorded: RecordedAction) -> dict[str, Any]:
    fields = action_to_fields(recorded.action)
    return {"number": recorded.number, "kind": recorded.action.kind, **fields, "stands": recorded.stands}


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "rule": fact.rule,
        "from": _when(fact.since) if fact.since is not None else None,
        "add": {fact.unit: fact.amount} if fact.unit else None,
        "result": _when(fact.result),
        "text": fact.origin,
        "source": fact.source,
    }


def _when(day: date) -> str:
    return _instant(day) if isinstance(day, datetime) else day.isoformat()


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds")
