"""What an earlier course of the patient leaves to the one that follows it (scheduling rule 14)."""

from datetime import date
from operator import itemgetter

from scheduler.course import EarlierDose
from scheduler.plan import Dose, DoseState, Plan

COUNTED = (DoseState.PLANNED, DoseState.GIVEN)


def last_doses(plan: Plan) -> tuple[EarlierDose, ...]:
    """The latest given or planned dose of each agent of the plan, and of the courses that went before it.

    An agent without such a dose leaves nothing. While a dose of the plan is planned or held, none is settled.
    """
    doses = plan.doses()
    settled = not any(dose.state in (DoseState.PLANNED, DoseState.HELD) for dose in doses)
    counted = [(dose.date, dose) for dose in doses if dose.date is not None and dose.state in COUNTED]
    ranks = sorted({dose.id.rank for _, dose in counted})
    latest = (max((each for each in counted if each[1].id.rank == rank), key=itemgetter(0)) for rank in ranks)
    return (*plan.course.earlier, *(_left(plan, on, dose, settled=settled) for on, dose in latest))


# ---------------------------------------------------------------------------------------------------------------------


def _left(plan: Plan, on: date, dose: Dose, *, settled: bool) -> EarlierDose:
    agent = plan.regimen.agent_of(dose.id)
    times = dose.times
    return EarlierDose(
        agent_name=agent.name,
        on=on,
        ended=times.infusion_end if times is not None and times.length_known else None,
        settled=settled,
        windows=tuple(rule for rule in plan.regimen.windows if rule.agent == agent.key),
        jurisdiction=plan.course.jurisdiction,
    )
