"""What staff see beside an entry: that the patient does not see it, and that a fact behind it was not read."""

from collections.abc import Iterable

from calendars.wording import Wording
from scheduler.events import Event, EventKind
from scheduler.plan import Plan
from scheduler.regimen import Cite


def staff_note(event: Event, plan: Plan, *, wording: Wording) -> str:
    """The note for staff on an event of the plan; empty when there is nothing to note."""
    private = (wording.say("staff.private"),) if event.private else ()
    unread = () if _verified(event, plan) else (wording.say("staff.unverified"),)
    return " ".join((*private, *unread))


# ---------------------------------------------------------------------------------------------------------------------


def _verified(event: Event, plan: Plan) -> bool:
    match event.kind:
        case EventKind.WINDOW:
            windows = {f"window/{window.kind}/{window.audience}": window.verified for window in plan.windows}
            return windows.get(event.key, True)
        case EventKind.CHECK | EventKind.HOME | EventKind.STAY:
            return all(cite.verified for cite in _cites_of(event, plan))
        case _:
            given = [agent for agent in plan.regimen.ranked if not event.agents or agent.name in event.agents]
            shape = plan.regimen.template(event.cycle or 1).cite
            return shape.verified and all(agent.times.cite.verified for agent in given)


def _cites_of(event: Event, plan: Plan) -> Iterable[Cite]:
    """Where the rules stand that ask for the event's checks; those after the last dose are the liver watch's."""
    watch = plan.regimen.liver_watch
    if event.key.startswith("after-course/"):
        return [watch.cite] if watch else []
    return [rule.cite for rule in plan.regimen.tasks if rule.kind in event.checks and rule.when is event.when]
