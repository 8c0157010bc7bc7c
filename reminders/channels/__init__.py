"""The ways out: how a finished mail leaves the house. A channel tells only by DeliveryError that it did not."""

from reminders.channels.connecting import SmtpServer
from reminders.channels.delivery import Channel, DeliveryError, Fate, Outgoing
from reminders.channels.folder import FolderChannel
from reminders.channels.smtp import SmtpChannel

__all__ = ["CHANNELS", "Channel", "DeliveryError", "Fate", "FolderChannel", "Outgoing", "SmtpChannel", "SmtpServer"]

CHANNELS: dict[str, type[FolderChannel | SmtpChannel]] = {"folder": FolderChannel, "smtp": SmtpChannel}
