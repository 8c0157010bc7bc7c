"""What a mail server's answers mean: each is put into its class, and told without its text, which may name somebody."""

import re
import smtplib

from reminders.channels.delivery import Fate

# For each step of the conversation: what its refusal for good (5xx) means when the server does not say more.
REFUSALS = {"MAIL": Fate.OURS, "RCPT": Fate.REFUSED, "DATA": Fate.REJECTED, "the end of DATA": Fate.REJECTED}
# What the enhanced code (RFC 3463) says of a refusal after MAIL: by the longest beginning that fits.
ENHANCED = {
    "5.1.7": Fate.OURS,  # the sender's address is wrong
    "5.1.8": Fate.OURS,  # and so is its domain
    "5.1.": Fate.REFUSED,  # the recipient's address
    "5.7.": Fate.BARRED,  # a policy, a relay, a missing right
    "5.": Fate.REJECTED,  # a full mailbox, a size, a system: no fault of the address as such
}
NOT_SIGNED_IN = 530  # at whatever step: the server wants credentials, which is no fault of any mail
CLOSING = 421
GO_ON = 354


def fate_of(step: str, code: int, text: bytes) -> Fate:
    """What a refusal means: by the enhanced code where the server gives one, else by the step."""
    if code == NOT_SIGNED_IN:
        return Fate.OURS
    if code < 500:
        return Fate.RETRY
    told = codes(code, text).partition(" ")[2]
    known = next((fate for start, fate in ENHANCED.items() if told.startswith(start)), None)
    return REFUSALS[step] if known is None or step == "MAIL" else known


def codes(code: int, text: bytes) -> str:
    """The reply's codes without its text, which may name the address: "550 5.1.1"."""
    enhanced = re.match(rb"[245]\.\d{1,3}\.\d{1,3}(?=\s|$)", text)
    return f"{code} {enhanced[0].decode()}" if enhanced else str(code)


def reason(error: Exception) -> str:
    """Why a connection is gone, in a few words."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "connection closed"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it said {codes(error.smtp_code, _octets(error.smtp_error))}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__


# ---------------------------------------------------------------------------------------------------------------------


def _octets(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()
