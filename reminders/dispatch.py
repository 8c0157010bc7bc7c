"""One pass over what is due: claim, look again, build, send, note what became of it. One bad mail stops no other.

Claims are exclusive, delivery is at least once; a resent mail has the same Message-ID.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from db import outbox_claims as claims
from db import outbox_store as store
from db import sending_store as sending
from db.engine import DatabaseUnavailable, Session, reading
from db.kept import Kept
from db.mail_store import standing
from db.outbox_claims import Mail
from db.outbox_store import State
from reminders.breaker import Gate, Stopped
from reminders.channels.delivery import DeliveryError, Fate, Outgoing
from reminders.outbox import TOO_LATE
from reminders.outgoing import build
from reminders.post import Case, Post, Tally
from reminders.recheck import SEND, judge
from reminders.retry import backoff

BATCH = 50  # mails claimed at a time: few enough that another worker finds work, too
LEASE = timedelta(minutes=5)  # longer than one mail can take: a channel gives up after 30 s of silence at each step
LOOKS = 3  # how often a course may change under the look at it before its mail is left for the next pass
HANG_UPS = 3  # connections lost in a row after which the server is left in peace until the next pass
BARS = 3  # mails barred in a row after which the fault is ours, not one mail's
FAULTS = 3  # how often building a mail may fail before it is given up
FAULT = "fault"  # the answer of an attempt that failed in our own house

log = logging.getLogger(__name__)


def send_due(post: Post) -> Tally:
    """Sends everything that is due, until nothing is left, `stop` is set, or mails can't go at all.

    Raises DatabaseUnavailable; what was claimed is given back by `reap` then.
    """
    return _Pass(post).run()


# ---------------------------------------------------------------------------------------------------------------------


class _Pass:
    def __init__(self, post: Post) -> None:
        self.post = post
        self.counts: Counter[str] = Counter()
        self.fates: Counter[str] = Counter()
        self.hang_ups = 0
        self.bars = 0
        self.gate = Gate(post.engine, post.now)
        self.kept = Kept(post.engine)
        self.mails: list[Mail] = []  # claimed, and not begun
        self.cases: Callable[[UUID], Case]
        self.gone: _Gone | None = None  # what the channel has taken and no commit has noted yet
        self.turn: datetime | None = None  # when the next mail may go
        self.ahead: _Ahead | None = None

    def run(self) -> Tally:
        trouble = ""
        with closing(self.post.channel), closing(self.kept):
            try:
                while self._claim():
                    self._send_all()
            except DeliveryError as error:
                trouble = str(error)
                # Asked to stop, the pass itself hangs up on a slow server: no reason to stop the others.
                if error.fate is Fate.OURS and not self.post.stop.is_set():
                    self.gate.stop(trouble)
            except Stopped as stopped:
                trouble = str(stopped)
        return Tally(**self.counts, trouble=trouble, fates=dict(self.fates))

    def _claim(self) -> bool:
        post = self.post
        if post.stop.is_set():
            return False
        with reading(post.engine) as session:
            if not claims.is_due(session, post.now()):
                return False
            breaker = sending.breaker(session)
        self.gate.ask(breaker)
        post.channel.open()  # before anything is claimed: without a way out nothing is touched
        limit = 1 if self.gate.trial else BATCH
        with self.kept.writing() as session:
            now = post.now()
            mails = claims.claim(session, owner=post.owner, now=now, lease_until=now + LEASE, limit=limit)
        self.counts["due"] += sum(len(mail.messages) for mail in mails)
        self.mails = list(mails)
        return bool(mails)

    def _send_all(self) -> None:
        try:
            self.cases = self.post.load(self.mails)
            self._work_out_cases()
            while self.mails and self._may_go():
                self._send(self.mails.pop(0))
        finally:
            self._give_back(self.mails)

    def _work_out_cases(self) -> None:
        """One after the other: between other work each would take half as long again."""
        for mail in self.mails:
            if mail.may_be_prepared:
                with suppress(Exception):  # told in its turn, when it is asked for again
                    self.cases(mail.course_id)

    def _may_go(self) -> bool:
        """Waits until it is the next mail's turn; False when asked to stop."""
        wait = min(self.turn - self.post.now(), self.post.pause) if self.turn else timedelta()
        if wait > timedelta():
            self._note_gone()  # what went is not left in doubt while nothing happens
            return not self.post.stop.wait(wait.total_seconds())
        return not self.post.stop.is_set()

    def _give_back(self, mails: Sequence[Mail]) -> None:
        if mails or self.gone:
            with self._writing() as session:
                if mails:
                    claims.wait_again(session, Mail.together(mails))

    def _send(self, mail: Mail) -> None:
        begun: _Draft | None = None
        ahead, self.ahead = self.ahead, None
        try:
            if ahead:
                self.post.channel.announce(ahead.outgoing.sender, ahead.outgoing.to)
            begun = self._begin(mail, ahead)
            if begun is None:
                return
            self.turn = self.post.now() + self.post.pause
            outgoing = ahead.outgoing if ahead and ahead.reads_like(begun) else self._build(begun)
            answer = self.post.channel.send(outgoing, self._look_ahead)
        except DeliveryError as error:
            self._failed(begun, mail, error)
        except DatabaseUnavailable:
            raise
        except Stopped:
            self._give_back([mail])
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one mail is no reason to keep back others
            self._faulty(begun, mail, error)
        else:
            self.hang_ups = self.bars = 0
            # The commit that begins the next mail notes this one.
            self.gone = _Gone(begun=begun, answer=answer)

    def _look_ahead(self) -> None:
        """Writes the next mail while the channel works on this one."""
        mail = self.mails[0] if self.mails else None
        if mail and mail.may_be_prepared:
            with suppress(Exception):  # told in its turn, when it is written again
                draft = self._draft(mail, self.cases(mail.course_id), self.post.now())
                outgoing = self._build(draft)
                outgoing.write()
                self.ahead = _Ahead(draft=draft, outgoing=outgoing)

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        """A transaction that also notes what has gone."""
        gone = self.gone
        with self.kept.writing() as session:
            if gone:
                self._note(session, gone.begun.mail, gone.begun, f"{Fate.SENT} {gone.answer}")
                claims.complete(session, gone.begun.mail, State.SENT, now=self.post.now())
            yield session
        if gone:
            self.gone = None
            self._noted(gone)

    def _note_gone(self) -> None:
        if self.gone:
            with self._writing():
                pass

    def _noted(self, gone: "_Gone") -> None:
        self.counts["sent"] += 1
        self.fates[Fate.SENT] += 1
        _tell(logging.INFO, gone.begun.mail, Fate.SENT, gone.answer)
        self.gate.answered()

    # -- Before ---------------------------------------------------------------------------------------------------

    def _begin(self, mail: Mail, ahead: "_Ahead | None") -> "_Draft | None":
        """The re-check and the mark in one transaction: no action of staff comes between them."""
        cases, looks = self.cases, 0
        while looks < LOOKS:
            case = cases(mail.course_id)
            # Who has written something waits for nobody who may wait for that; on its own it can.
            wait = self.gone is None
            with self._writing() as session:
                self.gate.look(session)
                now = self.post.now()
                stands = standing(session, mail.clinic_id, mail.course_id, now, wait=wait)
                if stands and case.holds(stands, now) and case.knows(held := claims.held(session, mail)):
                    return self._begin_in(session, held, case, now, ahead)
            if stands or wait:
                cases, looks = self.post.load([mail]), looks + 1
        with self._writing() as session:
            claims.wait_again(session, mail, send_after=self.post.now() + timedelta(minutes=1))
        return None

    def _begin_in(
        self, session: Session, held: Mail, case: Case, now: datetime, ahead: "_Ahead | None"
    ) -> "_Draft | None":
        verdicts = {message.id: judge(message, case.facts, case.events, now) for message in held.messages}
        for id_, verdict in verdicts.items():
            if verdict.state is not None:
                closed = claims.complete(session, held.only([id_]), verdict.state, verdict.outcome, now=now)
                self.counts["expired"] += closed if verdict.state is State.EXPIRED else 0
                _tell(logging.INFO, held.only([id_]), verdict.state, verdict.outcome)
            elif verdict.until is not None:
                claims.wait_again(session, held.only([id_]), verdict.outcome, send_after=verdict.until)
        rest = held.only([id_ for id_, verdict in verdicts.items() if verdict == SEND])
        if not rest.messages:
            return None
        if store.is_suppressed(session, rest.clinic_id, case.recipient(rest).email):
            claims.complete(session, rest, State.DEAD, "nothing goes to this address; please phone", now=now)
            self.counts["failed"] += 1
            self.fates["suppressed"] += 1
            return None
        draft = self._draft(rest, case, now)
        claims.begin(session, rest, message_id=draft.message_id, now=now, lease_until=now + LEASE)
        if ahead and ahead.reads_like(draft):  # all that is left is the commit
            self.post.channel.prepare(ahead.outgoing.sender, ahead.outgoing.to)
        return draft

    def _draft(self, mail: Mail, case: Case, now: datetime) -> "_Draft":
        return _Draft(mail=mail, case=case, message_id=self.post.sender.message_id(mail), now=now)

    def _build(self, draft: "_Draft") -> Outgoing:
        case, recipient = draft.case, draft.case.recipient(draft.mail)
        outgoing = build(
            draft.mail,
            facts=case.facts,
            events=case.events,
            recipient=recipient,
            wording=case.wordings[recipient.language],
            unsubscribe=self.post.unsubscribe(draft.mail.messages[0]),
            clinic=case.clinic,
            sender=self.post.sender,
            message_id=draft.message_id,
            now=draft.now,
        )
        return replace(outgoing, sender=self.post.return_path.of(draft.mail.ids[0], draft.message_id, outgoing.to))

    # -- After ----------------------------------------------------------------------------------------------------

    def _failed(self, begun: "_Draft | None", mail: Mail, error: DeliveryError) -> None:
        mail = begun.mail if begun else mail
        with self._writing() as session:
            self._note(session, mail, begun, f"{error.fate} {error.answer}".strip())
            self._settle(session, mail, begun, error)
        self.fates[error.fate] += 1
        if error.fate is Fate.OURS:
            raise error
        self.counts["failed"] += 1
        _tell(logging.WARNING, mail, error.fate, error.answer)
        self._count_bars(error)
        self.hang_ups = self.hang_ups + 1 if error.hung_up else 0
        if self.hang_ups >= HANG_UPS:
            raise error
        if not error.hung_up:
            self.gate.answered()

    def _count_bars(self, error: DeliveryError) -> None:
        """One mail that is barred is put off by itself; several in a row, or the one that tries, tell of our fault."""
        self.bars = self.bars + 1 if error.fate is Fate.BARRED else 0
        if self.bars >= BARS or (self.bars and self.gate.trial):
            raise DeliveryError(str(error), fate=Fate.OURS, answer=error.answer, hung_up=error.hung_up)

    def _settle(self, session: Session, mail: Mail, begun: "_Draft | None", error: DeliveryError) -> None:
        now, tries = self.post.now(), claims.tries_of(session, mail)
        match error.fate:
            case Fate.REFUSED | Fate.REJECTED:
                claims.complete(session, mail, State.DEAD, f"{error.answer}; please phone", now=now)
                if begun and error.fate is Fate.REFUSED:
                    store.suppress(session, mail.clinic_id, begun.address, cause=error.answer, now=now)
            case Fate.LOST if tries[Fate.LOST] > 1:
                claims.complete(session, mail, State.UNKNOWN, "no answer, twice: it may have arrived", now=now)
            case Fate.OURS:
                # As if it had not been tried: nobody has seen it, and nothing of it is used up.
                claims.wait_again(session, mail, message_id=mail.message_id, first_tried_at=mail.first_tried_at)
            case _:
                self._again(session, mail, error.fate, tries, bound=error.fate is Fate.LOST)

    def _faulty(self, begun: "_Draft | None", mail: Mail, error: Exception) -> None:
        mail, name = begun.mail if begun else mail, type(error).__name__
        with self._writing() as session:
            self._note(session, mail, begun, f"{FAULT} {name}")
            tries = claims.tries_of(session, mail)
            if tries[FAULT] >= FAULTS:
                outcome = f"the mail can't be written ({name}); please phone, and report it"
                claims.complete(session, mail, State.DEAD, outcome, now=self.post.now())
            else:
                self._again(session, mail, FAULT, tries, bound=False)
        self.counts["failed"] += 1
        self.fates[FAULT] += 1
        _tell(logging.ERROR, mail, FAULT, name)

    def _again(self, session: Session, mail: Mail, fate: str, tries: Mapping[str, int], *, bound: bool) -> None:
        """Another try later; what would be too late by then is closed at once, so that staff can phone in time."""
        now = self.post.now()
        goes = now + backoff(f"{mail.ids[0]}", tries[fate])
        in_time = mail.only([message.id for message in mail.messages if goes < message.send_before])
        late = mail.only([message.id for message in mail.messages if goes >= message.send_before])
        if late.messages:
            state = State.UNKNOWN if bound or mail.message_id else State.EXPIRED
            self.counts["expired"] += claims.complete(session, late, state, TOO_LATE, now=now)
            _tell(logging.WARNING, late, state, TOO_LATE)
        if in_time.messages:
            # Taken by nobody for certain, it may go with another mail of its day; otherwise it stays what it is.
            values: dict[str, object] = {"send_after": goes} | ({} if bound else {"message_id": mail.message_id})
            claims.wait_again(session, in_time, f"{fate}: another try follows", **values)

    def _note(self, session: Session, mail: Mail, begun: "_Draft | None", answer: str) -> None:
        store.add_attempts(
            session,
            mail.clinic_id,
            mail.ids,
            at=self.post.now(),
            worker=self.post.owner,
            answer=answer,
            message_id=begun.message_id if begun else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """What a mail is written from."""

    mail: Mail
    case: Case
    message_id: str
    now: datetime

    @property
    def address(self) -> str:
        return self.case.recipient(self.mail).email


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ahead:
    """The next mail as it was written before its turn."""

    draft: _Draft
    outgoing: Outgoing

    def reads_like(self, draft: _Draft) -> bool:
        """Whether what is written from the draft is the same, to the second of its date."""
        own = self.draft
        same = own.case is draft.case and own.mail == draft.mail and own.message_id == draft.message_id
        return same and own.now.replace(microsecond=0) == draft.now.replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    """A mail that the channel has taken."""

    begun: _Draft
    answer: str


def _tell(level: int, mail: Mail, fate: str, answer: str) -> None:
    """One line for each outcome, with ids only."""
    values = {"action": f"outbox_{fate}", "course_id": str(mail.course_id), "outbox_ids": list(mail.ids)}
    log.log(level, "mail %s of course %s: %s %s", mail.ids[0], mail.course_id, fate, answer, extra=values)
