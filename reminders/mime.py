"""A mail as bytes: headers, the text, and the same content as HTML. Pure: the same letter gives the same bytes."""

import hashlib
import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from html import escape
from textwrap import wrap

from reminders.calendar_files import CalendarFile
from scheduler.errors import InvalidValue

UNFIT = re.compile(r"[\x00-\x20\x7f]")  # in an address: it would end the header, or the address
WIDTH = 78  # columns of the plain text
LINE = 76  # characters of an encoded line, by RFC 2045
# Colours of at least 7:1 on white; widths and sizes that a telephone and a desk both show without scrolling sideways.
PAGE = (
    '<body style="margin:0;padding:0;background:#ffffff;color:#1a1a1a">'
    '<div style="max-width:38em;margin:0 auto;padding:1em;font:1em/1.5 Arial,Helvetica,sans-serif;'
    'overflow-wrap:anywhere">'  # the way out of the mails is one long word
)
HEADING = '<h2 style="font-size:1.125em;margin:1.5em 0 0.25em">'
CLOSING = "</div></body>\n</html>"
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
            if UNFIT.search(getattr(self, name)):
                raise InvalidValue(f"mail, {name}: holds a blank or a control character; mend the address", field=name)


def serialise(
    letter: Letter, envelope: Envelope, *, language: str, direction: str, files: Sequence[CalendarFile] = ()
) -> bytes:
    """The mail with CRLF line ends and lines of at most 998 octets; 7 bits but for addresses in other scripts.

    The email package would take longer to write it than a mail server takes to receive it.
    """
    blocks = list(map(_encoded, letter.blocks))
    html = [_quoted(_opening(letter.subject, language, direction)), *(each for _, each in blocks), _quoted(CLOSING)]
    kind, content = _multipart(
        "alternative",
        _boundary("content", envelope),
        (
            _text_part("plain", (each for each, _ in blocks), between="\r\n\r\n"),
            _text_part("html", html, between="\r\n"),
        ),
    )
    if files:
        parts = [f"{kind}\r\n{content}", *map(_file_part, range(1, len(files) + 1), files)]
        kind, content = _multipart("mixed", _boundary("files", envelope), parts)
    return f"{kind}{_head(letter, envelope, language)}\r\n{content}".encode()


def as_text(letter: Letter) -> str:
    """The content as plain text of at most 78 columns."""
    return "\n\n".join(map(_text, letter.blocks)) + "\n"


def as_html(letter: Letter, *, language: str, direction: str) -> str:
    """The content as an HTML page without pictures, links or scripts: nothing is fetched, so nothing is tracked."""
    opening = _opening(letter.subject, language, direction)
    return "\n".join([opening, *map(_html, letter.blocks), CLOSING]) + "\n"


# -- The content ------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def _encoded(block: Block) -> tuple[str, str]:
    """The block as text and as HTML, each as it stands in a mail. Most of what a mail says, all mails of the clinic
    say: it is not worked out again."""
    return _quoted(_text(block)), _quoted(_html(block))


def _text(block: Block) -> str:
    mark, indent = ("- ", "  ") if block.heading else ("", "")
    lines = [part for line in block.lines for part in _wrapped(mark + line, indent)]
    return "\n".join([block.heading, *lines] if block.heading else lines)


def _wrapped(line: str, indent: str) -> list[str]:
    if len(line) <= WIDTH and line.isprintable() and line == line.strip() != "":
        return [line]  # as `wrap` gives it, which takes a while to see that
    # An address is of no use in two pieces.
    return wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words="://" not in line)


@lru_cache(maxsize=256)
def _opening(subject: str, language: str, direction: str) -> str:
    screen = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(language)}" dir="{direction}">\n'
        f'<head><meta charset="utf-8">{screen}<title>{escape(subject)}</title></head>\n{PAGE}'
    )


def _html(block: Block) -> str:
    heading = [f"{HEADING}{escape(block.heading)}</h2>"] if block.heading else []
    return "\n".join(heading + [f"{_paragraph(line)}{escape(line)}</p>" for line in block.lines])


def _paragraph(line: str) -> str:
    # An address is read from the left in every language.
    return PARAGRAPH.replace("<p ", '<p dir="ltr" ') if line.startswith(("http://", "https://")) else PARAGRAPH


# -- The mail ---------------------------------------------------------------------------------------------------------


def _head(letter: Letter, envelope: Envelope, language: str) -> str:
    stop = f"<{envelope.unsubscribe}>" if envelope.unsubscribe else ""
    fields = {
        "Subject": _subject(letter.subject),
        # Addresses in other scripts stand here as they are (RFC 6532), never as encoded words.
        "From": envelope.sender,
        "To": envelope.to,
        "Reply-To": envelope.reply_to,
        "Date": format_datetime(envelope.date),
        "Message-ID": envelope.message_id,
        "Auto-Submitted": "auto-generated",
        "List-Unsubscribe": stop,  # on the line of its name: some mail programs look no further
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" if stop else "",
        "Content-Language": language,
    }
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)


@lru_cache(maxsize=256)
def _subject(text: str) -> str:
    """The subject as a header: on short lines, other scripts as encoded words."""
    line = " ".join(text.splitlines())
    header = Header(line, "us-ascii" if line.isascii() else "utf-8", header_name="Subject")
    return header.encode(linesep="\r\n")


def _multipart(subtype: str, boundary: str, parts: Iterable[str]) -> tuple[str, str]:
    """The headers of a mail or part that holds these, and its content."""
    kind = f'Content-Type: multipart/{subtype};\r\n boundary="{boundary}"\r\nMIME-Version: 1.0\r\n'
    return kind, "".join(f"--{boundary}\r\n{part}\r\n" for part in parts) + f"--{boundary}--\r\n"


def _text_part(subtype: str, pieces: Iterable[str], *, between: str) -> str:
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return f"{head}{between.join(pieces)}\r\n"


def _file_part(number: int, file: CalendarFile) -> str:
    # As neutral as the subject: mail programs show it in lists.
    name = "date.ics" if number == 1 else f"date-{number}.ics"
    return (
        f'Content-Type: text/calendar; charset="utf-8"; method="{file.method.value}";\r\n name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        f"{_base64(file.content)}"
    )


@lru_cache(maxsize=256)
def _quoted(text: str) -> str:
    """The text as quoted-printable. It ends where a line ends, so pieces stand together as the whole would."""
    return b2a_qp(text.encode(), istext=True).decode("ascii").replace("\n", "\r\n")


def _base64(content: bytes) -> str:
    text = b64encode(content).decode("ascii")
    return "".join(f"{text[at : at + LINE]}\r\n" for at in range(0, len(text), LINE))


def _boundary(what: str, envelope: Envelope) -> str:
    return "=_" + hashlib.sha256(f"{what} {envelope.message_id}".encode()).hexdigest()[:32]
