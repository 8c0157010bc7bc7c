"""A machine that lives a course's mails: staff act, people leave and come back, mails fail, the service is down.

The model beside it is simple. For each visit that stands a mail goes three days and one day before, at nine where its
reader is, to whoever is a reader then; nothing else goes before a visit, nothing twice, nothing at night, nothing while
paused. Of each future visit the patient knows the date that stands, or a notice waits, or staff have a line about it.
Nothing tells of a dose that is held or left out before a person has done so.
"""

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from db.engine import Engine, make_engine
from db.outbox_store import OPEN, State, StoredMessage
from db.worklist_store import FAILED
from scheduler.actions import Action, Defer, Hold, HoldCause, Omit, Resume, VisitTime
from scheduler.errors import InfusionsError
from scheduler.plan import DoseState
from service.bounces import take
from service.carers import NewCarer, add_carer, remove_carer
from service.courses import neutral_notice, record, start_course, tell_patient
from service.mails import pause_mails, resume_mails
from service.messages import list_messages, release
from service.queries import CourseRecord, load_course
from service.unsubscribing import resubscribe, unsubscribe, unsubscribe_address
from service.wiring import App
from service.worker import MailsStopped, tick
from tests.stores import NURSE, Clock, bob, make_app

BOB, DORA = "bob@patients.example", "dora@mail.example"
PATIENT, CARER = "patient", "carer-1"
ZONES = {PATIENT: ZoneInfo("America/New_York"), CARER: ZoneInfo("Europe/Berlin")}
SETTLED = timedelta(hours=3)  # by then a breaker that opened has been tried again, and all has gone
REPORT = (
    "From: MAILER-DAEMON@mx.example\r\nTo: {to}\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/report; report-type=delivery-status; boundary=part\r\n\r\n"
    "--part\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
    "Final-Recipient: rfc822; {to}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
    "--part\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: {message_id}\r\n\r\n--part--\r\n"
)


class Mails(RuleBasedStateMachine):
    """`fresh` gives the address of an empty database."""

    fresh: Callable[[Path], str]
    engine: Engine
    app: App

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.url = type(self).fresh(self.folder)
        self.clock = Clock(datetime(2026, 12, 1, 15, 0, tzinfo=UTC))
        self.restart()
        self.course = start_course(self.app, bob(email=BOB), by=NURSE)
        self.able_since = {PATIENT: self.clock.at}
        self.paused = self.suppressed = False
        self.left: set[str] = set()
        self.seen: set[int] = set()
        self.known_at: dict[tuple[str, str], datetime] = {}
        self.working_since = self.clock.at
        self.learn()
        self.heard: dict[str, date | datetime | None] = {
            key: each.event.start for key, each in self.look().stamped.items() if key.endswith("/infusion")
        }

    # -- Time and the service ---------------------------------------------------------------------------------------

    @rule()
    def restart(self) -> None:
        """Another process on the same database."""
        if hasattr(self, "engine"):
            self.engine.dispose()
        self.engine = make_engine(self.url)
        mine = {"INFUSIONS_MAIL__FOLDER": str(self.folder / "mail")}
        self.app = make_app(self.engine, self.clock, mine)

    @rule(minutes=st.sampled_from([60, 240]), passes=st.integers(6, 16))
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

    # -- What staff record ------------------------------------------------------------------------------------------

    @rule(cycle=st.integers(1, 2), day=st.sampled_from([1, 8, 15]), later=st.integers(1, 9))
    def a_dose_moves(self, cycle: int, day: int, later: int) -> None:
        dose = self.look().plan.find(cycle, day)
        if dose is not None and dose.date is not None:
            self.act(Defer(cycle=cycle, day=day, to=dose.date + timedelta(days=later), reason="a test"))

    @rule(hour=st.integers(8, 15))
    def the_hour_changes(self, hour: int) -> None:
        self.act(VisitTime(at=time(hour)))

    @rule(cycle=st.integers(1, 2), day=st.sampled_from([8, 15]), neutral=st.booleans())
    def a_dose_is_left_out(self, cycle: int, day: int, neutral: bool) -> None:  # noqa: FBT001 - drawn by its name
        self.act(Omit(cycle=cycle, day=day, reason="a test"), neutral=neutral)

    @rule(day=st.sampled_from([8, 15]))
    def the_course_is_held(self, day: int) -> None:
        self.act(Hold(cycle=1, day=day, on=self.today(), cause=HoldCause.COUNTS))

    @rule(later=st.integers(1, 6))
    def it_goes_on(self, later: int) -> None:
        held = self.look().plan.held
        if held is not None:
            self.act(Resume(cycle=held.cycle, day=held.day, on=self.today() + timedelta(days=later)))

    @rule()
    def the_patient_is_told(self) -> None:
        found = self.look()
        for entry in found.entries:
            if entry.to_tell:
                tell_patient(self.app, self.course, entry.number, by=NURSE)
                standing = {key for key, _ in self.dates()}
                self.heard = {key: start for key, start in self.heard.items() if key in standing}

    @rule()
    def a_neutral_notice_is_chosen(self) -> None:
        for entry in self.look().entries:
            if entry.to_tell:
                try:
                    neutral_notice(self.app, self.course, entry.number, by=NURSE)
                except InfusionsError:
                    continue

    # -- Who gets mails ---------------------------------------------------------------------------------------------

    @precondition(lambda self: CARER not in self.able_since and CARER not in self.left)
    @rule()
    def a_carer_comes(self) -> None:
        new = NewCarer(name="Dora", email=DORA, consent=True, language="en", zone=str(ZONES[CARER]))
        assert add_carer(self.app, self.course, new, by=NURSE) == CARER
        self.able_since[CARER] = self.clock.at

    @precondition(lambda self: CARER in self.able_since)
    @rule()
    def the_carer_goes(self) -> None:
        remove_carer(self.app, self.course, CARER, by=NURSE)
        self.able_since.pop(CARER)
        self.left.add(CARER)

    @rule()
    def the_patient_stops_the_mails_or_lets_them_go_again(self) -> None:
        message = next(each for each in self.messages() if each.recipient == PATIENT)
        token = unsubscribe_address(self.app, message).rpartition("/")[2]
        if PATIENT in self.left:
            resubscribe(self.app, token)
            self.left.discard(PATIENT)
            self.able_since[PATIENT] = self.clock.at
        else:
            unsubscribe(self.app, token)
            self.left.add(PATIENT)

    @rule()
    def mails_are_paused_or_resumed(self) -> None:
        (resume_mails if self.paused else pause_mails)(self.app, self.course, by=NURSE)
        self.paused = not self.paused
        self.able_since = dict.fromkeys(self.able_since, self.clock.at)

    @rule()
    def a_mail_to_the_patient_comes_back(self) -> None:
        sent = [each for each in self.messages() if each.state is State.SENT and each.recipient == PATIENT]
        if sent:
            content = REPORT.format(to=BOB, message_id=sent[-1].message_id).encode()
            self.suppressed = take(self.app, content, now=self.clock.at) == "suppressed" or self.suppressed

    @precondition(lambda self: self.suppressed)
    @rule()
    def the_address_is_released(self) -> None:
        release(self.app, BOB, by=NURSE)
        self.suppressed = False
        self.able_since[PATIENT] = self.clock.at

    # -- What holds at every moment ---------------------------------------------------------------------------------

    @invariant()
    def no_mail_goes_twice(self) -> None:
        if not hasattr(self, "course"):
            return
        went = [each for each in self.messages() if each.state is State.SENT and each.kind != "change"]
        told = Counter((each.event_key, each.event_sequence, each.offset_days, each.recipient) for each in went)
        assert set(told.values()) <= {1}, "nothing twice"
        files = [message_from_bytes(path.read_bytes(), policy=default) for path in self.files()]
        assert set(Counter(str(mail["Message-ID"]) for mail in files).values()) <= {1}

    @invariant()
    def what_plan_and_policy_ask_for_has_gone(self) -> None:
        if not hasattr(self, "course"):
            return
        gone = {
            (each.event_key, each.offset_days, each.recipient)
            for each in self.messages()
            if each.kind == "visit" and each.settled_at and each.state is not State.SUPERSEDED
        }
        for key, day, before, role in self.asked():
            assert (key, before, role) in gone, f"{key} on {day}: no mail {before} days before to {role}"

    @invariant()
    def the_patient_knows_or_somebody_will_tell(self) -> None:
        if not hasattr(self, "course"):
            return
        found = self.look()
        notices = [each for each in self.messages() if each.kind == "change" and each.recipient == PATIENT]
        for key, each in found.stamped.items():
            start = each.event.start
            if not key.endswith("/infusion") or not isinstance(start, datetime) or start <= self.clock.at:
                continue
            stands = each.cancelled is None
            if (start if stands else None) == (self.heard.get(key)):
                continue
            of_it = [notice for notice in notices if notice.event_key == key]
            waits = any(notice.event_sequence == each.sequence and notice.state in OPEN | FAILED for notice in of_it)
            # After a neutral notice, and after a mail that came back, a person tells: staff have a line about it.
            asked = any(notice.neutral or notice.state is State.DEAD for notice in of_it)
            assert waits or asked, f"{key}: heard of {self.heard.get(key)}, it is {start if stands else 'gone'}"

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.dispose()
            shutil.rmtree(self.folder)

    # -- What the rules use -----------------------------------------------------------------------------------------

    def pass_(self) -> None:
        found = self.look()
        try:
            tick(self.app, self.clock.at)
        except MailsStopped:
            self.working_since = self.clock.at
        for message in self.messages():
            if message.state is State.SENT and message.id not in self.seen:
                self.seen.add(message.id)
                self.check(message, found)

    def check(self, message: StoredMessage, found: CourseRecord) -> None:
        """A mail that has just gone: whether it might."""
        hour = self.clock.at.astimezone(ZONES[message.recipient]).hour
        assert 8 <= hour < 20, "nothing at night"
        assert message.send_after <= self.clock.at + timedelta(minutes=1), "nothing too early"
        assert self.clock.at < message.send_before, "nothing too late"
        assert not self.paused, "nothing while paused"
        assert message.recipient in self.able_since, "nothing to who is no reader"
        assert message.recipient not in self.left, "nothing to who has left"
        assert not (self.suppressed and message.recipient == PATIENT), "nothing to an address that is refused"
        stamped = found.stamped[message.event_key]
        assert message.event_sequence == stamped.sequence, "nothing of what has moved"
        if message.kind == "change":
            self.check_notice(message, found)
        else:
            assert stamped.cancelled is None, "nothing of what does not take place"

    def check_notice(self, message: StoredMessage, found: CourseRecord) -> None:
        stamped = found.stamped[message.event_key]
        entries = [each for each in found.entries if each.recorded_at == message.created_at]
        if message.neutral:
            assert message.recipient == PATIENT
            return
        assert not any(each.to_tell for each in entries), "no mail is the first to tell"
        if message.recipient == PATIENT:
            self.heard[message.event_key] = stamped.event.start if stamped.cancelled is None else None

    def act(self, action: Action, *, neutral: bool = False) -> None:
        self.clock.pass_(minutes=1)  # so that each entry, and what it writes, has an instant of its own
        try:
            record(self.app, self.course, action, by=NURSE, neutral_notice=neutral)
        except InfusionsError:
            if not neutral:
                return
            self.act(action)
        self.learn()

    def learn(self) -> None:
        standing = {(key, day.isoformat()) for key, day in self.dates()}
        for each in standing:
            self.known_at.setdefault(each, self.clock.at)
        self.known_at = {each: at for each, at in self.known_at.items() if each in standing}

    def look(self) -> CourseRecord:
        return load_course(self.app, self.course)

    def today(self) -> date:
        return self.clock.at.astimezone(ZONES[PATIENT]).date()

    def dates(self) -> list[tuple[str, date]]:
        doses = self.look().plan.doses()
        return [
            (f"c{each.cycle}d{each.day}/infusion", each.date)
            for each in doses
            if each.state is DoseState.PLANNED and each.date
        ]

    def messages(self) -> tuple[StoredMessage, ...]:
        return list_messages(self.app, self.course)

    def files(self) -> list[Path]:
        return sorted((self.folder / "mail").glob("*.eml")) if (self.folder / "mail").is_dir() else []

    def asked(self) -> list[tuple[str, date, int, str]]:
        """The mails that must have gone by now: their hour came while all worked, and their date was known."""
        if self.paused:
            return []
        found = []
        roles = {role: at for role, at in self.able_since.items() if role not in self.left}
        for key, day in self.dates():
            for role, able in roles.items():
                if self.suppressed and role == PATIENT:
                    continue
                for before in (3, 1):
                    at = datetime.combine(day - timedelta(days=before), time(9), ZONES[role]).astimezone(UTC)
                    known = self.known_at[key, day.isoformat()]
                    if max(known, able, self.working_since) < at and at + SETTLED < self.clock.at:
                        found.append((key, day, before, role))
        return found
