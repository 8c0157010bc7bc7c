"""Judges one action against the plan as it stands: rejections first, then what needs a reason."""

from datetime import date
from typing import assert_never

from scheduler.actions import (
    Action,
    AudienceChange,
    Away,
    Cease,
    CycleLength,
    Cycles,
    Days,
    Defer,
    Given,
    Hold,
    Intent,
    Omit,
    RegimenChange,
    Response,
    Resume,
    VisitTime,
    Void,
)
from scheduler.before import Before
from scheduler.course import ClinicRules
from scheduler.judge_course import (
    judge_audience,
    judge_away,
    judge_cease,
    judge_cycle_length,
    judge_cycles,
    judge_days,
    judge_regimen,
    judge_time,
)
from scheduler.judge_given import judge_given
from scheduler.judge_moves import judge_defer, judge_omit, judge_resume
from scheduler.numbers import Numbers


def judge(  # noqa: C901 - one branch for each kind of action
    numbers: Numbers, number: int, action: Action, *, today: date | None, clinic: ClinicRules
) -> None:
    """Raises Rejected when the action is impossible, NeedsReason when it departs without a reason.

    `today` is None for an action that was accepted before.
    """
    before = Before(numbers, number, today=today, clinic=clinic)
    if isinstance(action, Given | Defer | Omit | Cease):
        before.agent(action)
    before.not_ceased(action)
    match action:
        case Given():
            judge_given(before, action)
        case Defer():
            judge_defer(before, action)
        case Hold():
            before.meant(action, "hold")
        case Resume():
            judge_resume(before, action)
        case Omit():
            judge_omit(before, action)
        case CycleLength():
            judge_cycle_length(before, action)
        case Days():
            judge_days(before, action)
        case Cycles():
            judge_cycles(before, action)
        case Intent():
            before.known("value", action.value, before.regimen.intents())
        case Response():
            before.cycle(action.cycle)
        case VisitTime():
            judge_time(before, action)
        case AudienceChange():
            judge_audience(before, action)
        case Away():
            judge_away(action)
        case Cease():
            judge_cease(before, action)
        case RegimenChange():
            judge_regimen(before, action)
        case Void():
            return
        case _:  # pragma: no cover
            assert_never(action)
