"""`python -m benchmarks [NAME…]`: one JSON object a line for each measurement; exit 1 when an aim is missed."""

import json
import sys

from benchmarks import feeds, mails, outbox, pages, plans, prints, queue, serving
from benchmarks.timing import Result

BENCHMARKS = {
    "plan": plans.plan_against_rrule,
    "plan-cycles": plans.hundred_cycles_against_five,
    "plan-record": plans.record_after_forty_actions,
    "plan-command": plans.command_against_python,
    "feed-written": feeds.written,
    "feed-built": feeds.built,
    "feed-full": serving.full,
    "feed-gzip": serving.packed,
    "feed-304": serving.unchanged,
    "feed-radicale": serving.against_radicale,
    "feed-many-courses": serving.many_courses,
    "outbox-added": outbox.added,
    "outbox-taken": outbox.taken,
    "outbox-of-many": outbox.taken_of_many,
    "mail-sent": mails.sent,
    "queue-done": queue.done,
    "queue-done-together": queue.done_together,
    "printed": prints.printed,
    "day-page": pages.day,
    "course-page": pages.course,
    "day-page-postgresql": pages.day_on_postgresql,
    "course-page-postgresql": pages.course_on_postgresql,
}


def main(names: list[str]) -> int:
    """Runs the named benchmarks, or all."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"unknown: {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    results: list[Result] = []
    for name in names or BENCHMARKS:
        result = BENCHMARKS[name]()
        print(json.dumps(result.as_dict(name)), flush=True)
        results.append(result)
    return int(any(result.missed for result in results))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
