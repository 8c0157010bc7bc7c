"""Mails through a mail server: one connection kept for many mails, and every answer put into its class."""

import re
import smtplib
from collections.abc import Callable, Mapping

from reminders.channels.answers import CLOSING, GO_ON, codes, fate_of, reason
from reminders.channels.connecting import Connecting, SmtpServer
from reminders.channels.delivery import DeliveryError, Fate, Outgoing, nothing

PLAIN = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w.-]+")
STEPS = ("MAIL", "RCPT", "DATA")  # before a mail
GONE = (smtplib.SMTPServerDisconnected, OSError)


class SmtpChannel:
    """Sends through one mail server. The certificate is checked; without TLS only when the settings say so."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._smtp: smtplib.SMTP | None = None
        self._connecting: Connecting | None = None  # what was begun last
        self._hung_up = False  # whether somebody asked to end it: then nothing is begun anew
        self._used = False  # whether the kept connection has carried a mail
        self._announced: tuple[str, str] | None = None  # the envelope told ahead, whose answers nobody has heard yet
        self._prepared = False  # whether DATA was told with it

    def open(self) -> None:
        """Connects, makes the connection safe, and signs in; nothing when that is done already."""
        if self._smtp is not None:
            return
        connecting = self._connecting = Connecting(self._server)
        if self._hung_up:
            connecting.leave()
        self._smtp, self._used = connecting.wait(), False

    def send(self, mail: Outgoing, meanwhile: Callable[[], None] = nothing, /) -> str:
        """Hands the mail over. A kept connection that the server has ended meanwhile is replaced once."""
        if self._announced != (mail.sender, mail.to):
            self._withdraw()
        self.open()
        try:
            return self._converse(mail, meanwhile)
        except DeliveryError as error:
            # Nothing of the mail was told yet: servers end connections after so many mails, or so much silence.
            if self._hung_up or not (self._used and error.hung_up and error.answer.endswith("at MAIL")):
                raise
        self.open()
        return self._converse(mail, meanwhile)

    def announce(self, sender: str, to: str, /) -> None:
        """Tells a server that takes steps together for whom the next mail is: it looks that up while the mail is looked
        at once more. What comes of it is heard with the mail."""
        smtp = self._smtp
        if smtp is None or not self._used or not smtp.has_extn("pipelining"):
            return
        if not (PLAIN.fullmatch(sender) and PLAIN.fullmatch(to)):
            return  # nobody has looked yet whether it would end the line
        try:
            lines = self._envelope(smtp, sender, to)
            self._withdraw()
            smtp.send(lines["MAIL"] + lines["RCPT"])
        except DeliveryError:
            return  # told when the mail itself goes
        except GONE:
            self._drop()
            return
        self._announced = (sender, to)

    def prepare(self, sender: str, to: str, /) -> None:
        """Tells DATA after what was announced: its answer comes while the caller writes down that the mail goes. Until
        it goes the server has nothing, and should it not go the connection ends, since there is no other way back."""
        smtp = self._smtp
        if smtp is None or self._announced != (sender, to) or self._prepared:
            return
        try:
            smtp.send("DATA\r\n")
        except GONE:
            self._drop()
        else:
            self._prepared = True

    def close(self) -> None:
        """Says good-bye, if anybody still listens."""
        self._withdraw()
        if self._smtp is not None:
            try:
                self._smtp.quit()
            except (smtplib.SMTPException, OSError):
                self._smtp.close()
            self._smtp = None

    def hang_up(self) -> None:
        """Ends the connection under whoever waits for the server, also for its name, its greeting or any answer."""
        self._hung_up = True
        if self._connecting is not None:
            self._connecting.leave()

    # -- Sending --------------------------------------------------------------------------------------------------

    def _converse(self, mail: Outgoing, meanwhile: Callable[[], None]) -> str:
        smtp = self._smtp
        if smtp is None:
            raise self._server.ours("was not connected to")
        told = len(STEPS) if self._prepared else STEPS.index("DATA") if self._announced else 0
        self._announced, self._prepared = None, False
        content = self._open_mail(smtp, mail, told=told)
        try:
            smtp.send(content)
            meanwhile()
            code, text = smtp.getreply()
        except GONE as error:
            self._drop()
            sentence = f"{self._server} fell silent after it had the whole mail ({reason(error)})"
            raise DeliveryError(sentence, fate=Fate.LOST, answer="no answer", hung_up=True) from None
        self._judge("the end of DATA", code, text)
        self._used = True
        return codes(code, text)

    def _envelope(self, smtp: smtplib.SMTP, sender: str, to: str) -> Mapping[str, str]:
        """The lines of each step before the mail."""
        sender, to = _on_the_wire(sender), _on_the_wire(to)
        options = "" if (sender + to).isascii() else " SMTPUTF8 BODY=8BITMIME"
        if options and not smtp.has_extn("smtputf8"):
            sentence = f"{self._server} can't write to an address in another script; use another address"
            raise DeliveryError(sentence, fate=Fate.REJECTED, answer="no SMTPUTF8")
        smtp.command_encoding = "utf-8" if options else "ascii"
        rests = (f" FROM:{_quoted(sender)}{options}", f" TO:{_quoted(to)}", "")
        return {step: f"{step}{rest}\r\n" for step, rest in zip(STEPS, rests, strict=True)}

    def _open_mail(self, smtp: smtplib.SMTP, mail: Outgoing, *, told: int) -> bytes:
        """Tells the envelope and asks to go on with the mail, which is written while the server reads that; the mail.
        So many steps were `told` ahead.

        A server that takes steps together (RFC 2920) gets them so: one journey to it and back instead of three.
        """
        together = smtp.has_extn("pipelining")
        first, *others = STEPS
        lines = self._envelope(smtp, mail.sender, mail.to) if told < len(STEPS) else {}
        if lines:
            self._say(smtp, first, "".join([*lines.values()][told:]) if together else lines[first])
        try:
            content = _with_end(mail.write())
        except BaseException:
            self._drop()  # the server may wait for the mail that can't be written
            raise
        self._hear(smtp, first, unheard=len(others) if together else 0)
        for left, step in enumerate(others, start=1):
            if not together:
                self._say(smtp, step, lines[step])
            self._hear(smtp, step, unheard=len(others) - left if together else 0)
        return content

    def _say(self, smtp: smtplib.SMTP, step: str, lines: str) -> None:
        try:
            smtp.send(lines)
        except GONE as error:
            raise self._broke_off(step, error) from None

    def _hear(self, smtp: smtplib.SMTP, step: str, *, unheard: int) -> None:
        """Hears the answer to a step; `unheard`: so many further steps were told with it."""
        try:
            code, text = smtp.getreply()
        except GONE as error:
            raise self._broke_off(step, error) from None
        self._judge(step, code, text, unheard=unheard)

    def _broke_off(self, step: str, error: Exception) -> DeliveryError:
        self._drop()
        sentence = f"{self._server} broke off at {step} ({reason(error)})"
        return DeliveryError(sentence, fate=Fate.RETRY, answer=f"gone at {step}", hung_up=True)

    def _judge(self, step: str, code: int, text: bytes, *, unheard: int = 0) -> None:
        if code in {250, 251, GO_ON}:
            return
        fate = fate_of(step, code, text)
        if code == CLOSING or self._asks_for_the_mail(unheard):
            self._drop()
        else:
            self._forget()
        answer = f"{codes(code, text)} at {step}"
        sentence = f"{self._server} said {answer}"
        if fate in {Fate.OURS, Fate.BARRED}:
            sentence += "; check [smtp] sender, verp, username and password_file"
        raise DeliveryError(sentence, fate=fate, answer=answer, hung_up=code == CLOSING)

    def _asks_for_the_mail(self, unheard: int) -> bool:
        """Hears so many answers; whether the server now waits for the mail, as it may after a refusal (RFC 2920), or
        for nothing at all."""
        smtp = self._smtp
        try:
            codes = [smtp.getreply()[0] for _ in range(unheard)] if smtp else []
        except GONE:
            return True
        return GO_ON in codes

    def _withdraw(self) -> None:
        """Takes back what was announced and does not go."""
        if self._announced is None or self._smtp is None:
            return
        if self._prepared:
            self._drop()  # the server waits for the mail
            return
        self._announced = None
        try:
            for _ in ("MAIL", "RCPT"):
                self._smtp.getreply()
        except GONE:
            self._drop()
        self._forget()

    def _forget(self) -> None:
        """After a refusal the kept connection starts anew with the next mail."""
        try:
            if self._smtp is not None:
                self._smtp.rset()
        except GONE:
            self._drop()

    def _drop(self) -> None:
        self._announced, self._prepared = None, False
        if self._smtp is not None:
            self._smtp.close()
            self._smtp = None


# ---------------------------------------------------------------------------------------------------------------------


def _on_the_wire(address: str) -> str:
    """The address with its domain in the form that every server knows."""
    local, at, domain = address.rpartition("@")
    try:
        return local + at + domain.encode("idna").decode("ascii")
    except UnicodeError:
        return address


def _quoted(address: str) -> str:
    """The address as the envelope names it. What is plain, as nearly all are, needs no parser."""
    return f"<{address}>" if PLAIN.fullmatch(address) else smtplib.quoteaddr(address)


def _with_end(content: bytes) -> bytes:
    """The mail as DATA wants it: leading dots doubled, and the dot that ends it."""
    stuffed = (b"\n" + content).replace(b"\n.", b"\n..")[1:]
    return stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n")
