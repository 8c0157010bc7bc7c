"""A mail as bytes: headers, the text, and the same content as HTML. Pure: the same letter gives the same bytes."""

import hashlib
from base64 import encodebytes
from binascii import b2a_qp
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.nonmultipart import MIMENonMultipart
from email.policy import Compat32
from email.utils import format_datetime
from html import escape
from textwrap import wrap

from reminders.calendar_files import CalendarFile
from scheduler.errors import InvalidValue

UNSUBSCRIBE = "List-Unsubscribe"


class Wire(Compat32):
    """How a mail becomes bytes: CRLF, short lines; but an address stays on the line of its header's name."""

    def fold_binary(self, name: str, value: str) -> bytes:
        """The header as it leaves."""
        if name == UNSUBSCRIBE:  # some mail programs look no further than its first line
            return f"{name}: {value}{self.linesep}".encode()
        return super().fold_binary(name, value)


WIRE = Wire(linesep="\r\n", cte_type="8bit")
# Colours of at least 7:1 on white; widths and sizes that a telephone and a desk both show without scrolling sideways.
PAGE = (
    '<body style="margin:0;padding:0;background:#ffffff;color:#1a1a1a">'
    '<div style="max-width:38em;margin:0 auto;padding:1em;font:1em/1.5 Arial,Helvetica,sans-serif;'
    'overflow-wrap:anywhere">'  # the way out of the mails is one long word
)
HEADING = '<h2 style="font-size:1.125em;margin:1.5em 0 0.25em">'
PARAGRAPH = '<p style="margin:0 0 0.5em">'


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A part of a mail: an optional heading, and lines that are each a paragraph."""

    heading: str = ""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail's subject and content."""

    subject: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """From whom to whom, and what stays the same when the mail is sent again. `date` is that of the first attempt.

    `unsubscribe`: the address that stops these mails (RFC 8058); without it there is none.
    """

    sender: str
    to: str
    message_id: str
    date: datetime
    reply_to: str = ""
    unsubscribe: str = ""

    def __post_init__(self) -> None:
        for name in ("sender", "to", "reply_to", "message_id", "unsubscribe"):
            if any(ord(char) < 33 or ord(char) == 127 for char in getattr(self, name)):
                raise InvalidValue(f"mail, {name}: holds a blank or a control character; mend the address", field=name)


def serialise(
    letter: Letter, envelope: Envelope, *, language: str, direction: str, files: Sequence[CalendarFile] = ()
) -> bytes:
    """The mail with CRLF line ends and lines of at most 998 octets; 7 bits but for addresses in other scripts."""
    content = MIMEMultipart("alternative", boundary=_boundary("content", envelope), policy=WIRE)
    content.attach(_part("plain", as_text(letter)))
    content.attach(_part("html", as_html(letter, language=language, direction=direction)))
    mail = _with_files(content, files, envelope) if files else content
    mail["Subject"] = _encoded(letter.subject)
    mail["From"] = _address(envelope.sender)
    mail["To"] = _address(envelope.to)
    if envelope.reply_to:
        mail["Reply-To"] = _address(envelope.reply_to)
    mail["Date"] = format_datetime(envelope.date)
    mail["Message-ID"] = envelope.message_id
    mail["Auto-Submitted"] = "auto-generated"
    if envelope.unsubscribe:
        mail[UNSUBSCRIBE] = f"<{envelope.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Content-Language"] = language
    return mail.as_bytes(policy=WIRE)


def as_text(letter: Letter) -> str:
    """The content as plain text of at most 78 columns."""
    return "\n\n".join("\n".join(_text_lines(block)) for block in letter.blocks) + "\n"


def as_html(letter: Letter, *, language: str, direction: str) -> str:
    """The content as an HTML page without pictures, links or scripts: nothing is fetched, so nothing is tracked."""
    blocks = "\n".join(_html(block) for block in letter.blocks)
    screen = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    head = f'<meta charset="utf-8">{screen}<title>{escape(letter.subject)}</title>'
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}" dir="{direction}">\n<head>{head}</head>\n'
        f"{PAGE}\n{blocks}\n</div></body>\n</html>\n"
    )


# ---------------------------------------------------------------------------------------------------------------------


def _text_lines(block: Block) -> list[str]:
    mark, indent = ("- ", "  ") if block.heading else ("", "")
    lines = [part for line in block.lines for part in _wrapped(mark + line, indent)]
    return [block.heading, *lines] if block.heading else lines


def _wrapped(line: str, indent: str) -> list[str]:
    # An address is of no use in two pieces.
    return wrap(line, 78, subsequent_indent=indent, break_on_hyphens=False, break_long_words="://" not in line)


def _html(block: Block) -> str:
    heading = [f"{HEADING}{escape(block.heading)}</h2>"] if block.heading else []
    return "\n".join(heading + [f"{_paragraph(line)}{escape(line)}</p>" for line in block.lines])


def _paragraph(line: str) -> str:
    # An address is read from the left in every language.
    return PARAGRAPH.replace("<p ", '<p dir="ltr" ') if line.startswith(("http://", "https://")) else PARAGRAPH


def _with_files(content: MIMEMultipart, files: Sequence[CalendarFile], envelope: Envelope) -> MIMEMultipart:
    mail = MIMEMultipart("mixed", boundary=_boundary("files", envelope), policy=WIRE)
    mail.attach(content)
    for number, file in enumerate(files, start=1):
        # As neutral as the subject: mail programs show it in lists.
        name = "date.ics" if number == 1 else f"date-{number}.ics"
        part = MIMENonMultipart("text", "calendar", charset="utf-8", method=file.method.value, name=name, policy=WIRE)
        part["Content-Disposition"] = f'attachment; filename="{name}"'
        part["Content-Transfer-Encoding"] = "base64"
        part.set_payload(encodebytes(file.content).decode("ascii"))
        mail.attach(part)
    return mail


def _boundary(what: str, envelope: Envelope) -> str:
    return "=_" + hashlib.sha256(f"{what} {envelope.message_id}".encode()).hexdigest()[:32]


def _part(subtype: str, content: str) -> MIMENonMultipart:
    part = MIMENonMultipart("text", subtype, charset="utf-8", policy=WIRE)
    part["Content-Transfer-Encoding"] = "quoted-printable"
    # binascii does it in C; the email package's own encoder is what makes building mails slow.
    part.set_payload(b2a_qp(content.encode(), istext=True).decode("ascii"))
    return part


def _encoded(text: str) -> str:
    return text if text.isascii() else Header(text, "utf-8", header_name="Subject").encode()


def _address(address: str) -> str:
    """An address as a header holds it: other scripts stand there as they are (RFC 6532), never as encoded words."""
    return address if address.isascii() else address.encode().decode("ascii", "surrogateescape")
