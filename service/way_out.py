"""How mails leave by the settings: through the mail server or into the folder, and from whom."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from reminders.channels import Channel, FolderChannel, SmtpChannel, SmtpServer
from reminders.outgoing import Sender
from scheduler.errors import InvalidValue

if TYPE_CHECKING:
    from service.config import Settings


def channel_of(settings: "Settings") -> Channel:
    """The way out for mails: the mail server of the settings, else the folder. InvalidValue for a bad password file."""
    smtp = settings.smtp
    if not smtp.host:
        return FolderChannel(settings.mail.folder)
    server = SmtpServer(
        host=smtp.host,
        port=smtp.port,
        tls=smtp.tls,
        username=smtp.username,
        password=_password(settings),
        name=sender_of(settings).domain,
    )
    return SmtpChannel(server)


def sender_of(settings: "Settings") -> Sender:
    """Who mails come from: the sender of the settings, else an address at the service's own host."""
    address = settings.smtp.sender
    host = urlsplit(settings.server.public_url).hostname or "localhost"
    domain = address.rpartition("@")[2] or ("localhost" if ":" in host else host)
    return Sender(address=address or f"reminders@{domain}", domain=domain, reply_to=settings.smtp.reply_to)


# ---------------------------------------------------------------------------------------------------------------------


def _password(settings: "Settings") -> str:
    path = settings.smtp.password_file
    if path is None:
        return ""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as fault:
        reason = getattr(fault, "strerror", None) or "not a text"
        raise InvalidValue(f"[smtp] password_file {path}: can't be read ({reason})", field="password_file") from None
