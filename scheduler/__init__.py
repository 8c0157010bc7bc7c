"""The scheduling core: from a regimen, a course and what staff recorded to a plan and its events. Pure."""

from scheduler.accepting import open_date_deferrals
from scheduler.action_fields import (
    action_from_fields,
    action_to_fields,
    audience_text,
    course_from_fields,
    course_to_fields,
    parse_audience,
)
from scheduler.actions import ACTION_KINDS, Action
from scheduler.build import build_plan
from scheduler.changes import Changes, changes, restamp
from scheduler.checks import check_action, check_actions, check_course
from scheduler.course import Audience, ClinicRules, ClosedDayPolicy, Course
from scheduler.course_file import CourseFile, course_id, parse_course
from scheduler.earlier import last_doses
from scheduler.errors import FileRefused, InfusionsError, InvalidValue, NeedsReason, Rejected
from scheduler.events import Event, StampedEvent, events, mentions_pregnancy, uid_of
from scheduler.plan import Plan
from scheduler.plan_json import plan_to_dict
from scheduler.regimen import Regimen
from scheduler.regimen_file import parse_regimen

__all__ = [
    "ACTION_KINDS",
    "Action",
    "Audience",
    "Changes",
    "ClinicRules",
    "ClosedDayPolicy",
    "Course",
    "CourseFile",
    "Event",
    "FileRefused",
    "InfusionsError",
    "InvalidValue",
    "NeedsReason",
    "Plan",
    "Regimen",
    "Rejected",
    "StampedEvent",
    "action_from_fields",
    "action_to_fields",
    "audience_text",
    "build_plan",
    "changes",
    "check_action",
    "check_actions",
    "check_course",
    "course_from_fields",
    "course_id",
    "course_to_fields",
    "events",
    "last_doses",
    "mentions_pregnancy",
    "open_date_deferrals",
    "parse_audience",
    "parse_course",
    "parse_regimen",
    "plan_to_dict",
    "restamp",
    "uid_of",
]
