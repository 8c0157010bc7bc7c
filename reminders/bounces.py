"""Mails that come back: the signed address that they come back to, and what a delivery report says. Pure."""

import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import compat32

MARKED = re.compile(r"\+b(\d{1,18})-([a-z2-7]{16})@", re.IGNORECASE)
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Where a mail program notes to whom a report came; the envelope itself is gone by then.
CAME_TO = ("Delivered-To", "X-Original-To", "Envelope-To", "To")
LOCAL_PART = 64  # octets before the @, by RFC 5321


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a delivery report (RFC 3464) says about one mail.

    `failed`: given up, else still being tried. `recipients`: the addresses it names. `claims`: the message's id and
    mark from the address that it came to. `message_id`: that of the mail it is about, "" when it does not tell.
    """

    status: str
    failed: bool
    recipients: frozenset[str]
    claims: tuple[int, str] | None
    message_id: str

    @property
    def bad_address(self) -> bool:
        """Whether the address itself is refused for good (5.1.x): nothing will ever arrive there."""
        return self.failed and self.status.startswith("5.1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPath:
    """Where mails come back to: the sender's address, marked with the message unless `secret` is empty.

    The mark covers the address that the mail went to, so that a report about an older address no longer fits.
    """

    address: str
    secret: bytes = b""

    def of(self, id_: int, message_id: str, to: str) -> str:
        """The address for this mail; the plain one where the marked one would be too long."""
        local, _, domain = self.address.rpartition("@")
        marked = f"{local}+b{id_}-{self.mark(id_, message_id, to)}"
        return f"{marked}@{domain}" if self.secret and len(marked.encode()) <= LOCAL_PART else self.address

    def mark(self, id_: int, message_id: str, to: str) -> str:
        """80 bits that only who has the secret can make."""
        text = f"bounce|{id_}|{message_id}|{to.casefold()}"
        return b32encode(hmac.digest(self.secret, text.encode(), "sha256")[:10]).decode("ascii").lower()

    def is_genuine(self, report: Report, id_: int, message_id: str, to: str) -> bool:
        """Whether the report came to the address that this mail had."""
        claimed = report.claims[1].lower() if report.claims else ""
        return bool(self.secret) and hmac.compare_digest(claimed, self.mark(id_, message_id, to))


def read_report(content: bytes) -> Report | None:
    """What the mail reports; None when it is no delivery report, or one that tells of no trouble."""
    mail = message_from_bytes(content, policy=compat32)
    if mail.get_content_type() != "multipart/report" or mail.get_param("report-type") != "delivery-status":
        return None
    blocks = [block for part in _parts(mail, "message/delivery-status") for block in _inside(part)]
    troubles = [block for block in blocks if _field(block, "Action").lower() in {"failed", "delayed"}]
    if not troubles:
        return None
    worst = min(troubles, key=lambda block: _field(block, "Action").lower() != "failed")
    status = STATUS.match(_field(worst, "Status"))
    return Report(
        status=status[0] if status else "",
        failed=_field(worst, "Action").lower() == "failed",
        recipients=frozenset(
            _field(block, name).rpartition(";")[2].strip().casefold()
            for block in troubles
            for name in ("Final-Recipient", "Original-Recipient")
            if block[name]
        ),
        claims=_claims(mail),
        message_id=_message_id(mail),
    )


# ---------------------------------------------------------------------------------------------------------------------


def _parts(mail: Message, kind: str) -> list[Message]:
    return [part for part in mail.walk() if part.get_content_type() == kind]


def _inside(part: Message) -> list[Message]:
    content = part.get_payload()
    return [each for each in content if isinstance(each, Message)] if isinstance(content, list) else []


def _field(block: Message, name: str) -> str:
    return str(block[name] or "").strip()


def _claims(mail: Message) -> tuple[int, str] | None:
    addresses = (str(value) for name in CAME_TO for value in mail.get_all(name, []))
    found = next(filter(None, map(MARKED.search, addresses)), None)
    return (int(found[1]), found[2]) if found else None


def _message_id(mail: Message) -> str:
    whole = [inner for part in _parts(mail, "message/rfc822") for inner in _inside(part)]
    texts = [part.get_payload(decode=True) for part in _parts(mail, "text/rfc822-headers")]
    heads = [message_from_bytes(text, policy=compat32) for text in texts if isinstance(text, bytes)]
    return next((_field(each, "Message-ID") for each in whole + heads if each["Message-ID"]), "")
