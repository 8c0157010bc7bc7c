"""A course that lives, a clock that goes on, and mails that fail at times: what went is what plan and policy ask for.

The model is simple: for each visit that stands, a mail three days and one day before at nine in the patient's zone,
if the visit's date was known by then; nothing else before a visit, nothing twice, nothing at night.
"""

import shutil
import tempfile
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from db.engine import Engine, make_engine
from db.outbox_store import State, StoredMessage
from scheduler.actions import Defer, Omit
from scheduler.errors import InfusionsError
from service.courses import record, start_course
from service.messages import list_messages
from service.queries import load_course
from service.wiring import App
from service.worker import MailsStopped, tick
from tests.stores import NURSE, Clock, bob, make_app

ZONE = ZoneInfo("America/New_York")
SETTLED = timedelta(hours=3)  # by then a breaker that opened has been tried again, and all has gone


class Mails(RuleBasedStateMachine):
    migrated: Path
    app: App
    engine: Engine

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copy(self.migrated, self.folder / "infusions.db")
        self.clock = Clock(datetime(2026, 12, 1, 15, 0, tzinfo=UTC))
        self.url = f"sqlite:///{self.folder / 'infusions.db'}"
        self.restart()
        self.course = start_course(self.app, bob(), by=NURSE)
        self.known_at: dict[tuple[str, str], datetime] = {}
        self.working_since = self.clock.at
        self.learn()

    @rule()
    def restart(self) -> None:
        """Another process on the same database."""
        if hasattr(self, "engine"):
            self.engine.dispose()
        self.engine = make_engine(self.url)
        self.app = make_app(self.engine, self.clock, {"INFUSIONS_MAIL__FOLDER": str(self.folder / "mail")})

    @rule(minutes=st.sampled_from([60, 240, 300]), passes=st.integers(8, 24))
    def time_goes_by(self, minutes: int, passes: int) -> None:
        for _ in range(passes):
            self.clock.pass_(minutes=minutes)
            self.pass_()

    @rule(hours=st.integers(1, 60))
    def the_service_is_down(self, hours: int) -> None:
        self.clock.pass_(hours=hours)
        self.working_since = self.clock.at

    @rule(hours=st.integers(1, 8))
    def mails_fail(self, hours: int) -> None:
        """The folder is no folder for some hours."""
        mail = self.folder / "mail"
        if mail.exists():
            mail.rename(self.folder / "away")
        mail.write_text("")
        for _ in range(hours):
            self.clock.pass_(hours=1)
            self.pass_()
        mail.unlink()
        if (self.folder / "away").exists():
            (self.folder / "away").rename(mail)
        self.working_since = self.clock.at

    @rule(cycle=st.integers(1, 2), day=st.sampled_from([1, 8, 15]), later=st.integers(1, 9))
    def a_dose_moves(self, cycle: int, day: int, later: int) -> None:
        dose = load_course(self.app, self.course).plan.find(cycle, day)
        if dose is not None and dose.date is not None:
            to = dose.date + timedelta(days=later)
            self.act(Defer(cycle=cycle, day=day, to=to, reason="a test"))

    @rule(cycle=st.integers(1, 2), day=st.sampled_from([8, 15]))
    def a_dose_is_left_out(self, cycle: int, day: int) -> None:
        self.act(Omit(cycle=cycle, day=day, reason="a test"))

    @invariant()
    def what_went_is_what_plan_and_policy_ask_for(self) -> None:
        if not hasattr(self, "course"):
            return
        went = [each for each in self.visits() if each.state is State.SENT]
        told = Counter((each.event_key, each.event_sequence, each.offset_days) for each in went)
        assert set(told.values()) <= {1}, "nothing twice"
        for each in went:
            assert each.settled_at is not None
            assert 8 <= each.settled_at.astimezone(ZONE).hour < 20, "nothing at night"
            assert each.send_after <= each.settled_at < each.send_before, "nothing too early or too late"
        sent = {(each.event_key, each.offset_days): each for each in went}
        for key, day, before in self.asked():
            assert (key, before) in sent, f"{key} on {day}: no mail {before} days before"

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            shutil.rmtree(self.folder)

    # -- What the rules use -------------------------------------------------------------------------------------------

    def pass_(self) -> None:
        try:
            tick(self.app, self.clock.at)
        except MailsStopped:
            self.working_since = self.clock.at

    def act(self, action: Any) -> None:
        try:
            record(self.app, self.course, action, by=NURSE)
        except InfusionsError:
            return
        self.learn()

    def learn(self) -> None:
        for key, day in self.dates():
            self.known_at.setdefault((key, day.isoformat()), self.clock.at)
        standing = {(key, day.isoformat()) for key, day in self.dates()}
        self.known_at = {each: at for each, at in self.known_at.items() if each in standing}

    def dates(self) -> list[tuple[str, date]]:
        plan = load_course(self.app, self.course).plan
        return [
            (f"c{dose.cycle}d{dose.day}/infusion", dose.date)
            for dose in plan.doses()
            if dose.state == "planned" and dose.date
        ]

    def visits(self) -> list[StoredMessage]:
        return [each for each in list_messages(self.app, self.course) if each.kind == "visit"]

    def asked(self) -> list[tuple[str, date, int]]:
        """The mails that must have gone by now: their hour came while all worked, and their date was known."""
        found = []
        for key, day in self.dates():
            for before in (3, 1):
                at = datetime.combine(day - timedelta(days=before), time(9), ZONE).astimezone(UTC)
                known = self.known_at[key, day.isoformat()]
                if max(known, self.working_since) < at and at + SETTLED < self.clock.at:
                    found.append((key, day, before))
        return found


def run(migrated: Path, *, examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    Mails.migrated = migrated
    quick = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Mails, settings=quick)


def test_what_went_is_always_what_plan_and_policy_ask_for(migrated_sqlite: Path) -> None:
    run(migrated_sqlite, examples=8, steps=10)


@pytest.mark.slow
def test_what_went_is_always_what_plan_and_policy_ask_for_in_many_lives(migrated_sqlite: Path) -> None:
    run(migrated_sqlite, examples=150, steps=40)
