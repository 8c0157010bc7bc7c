"""What settings don't fit together, and what production = true refuses: it could harm or expose a patient."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from scheduler.errors import Fault

if TYPE_CHECKING:
    from service.config import ClinicSettings, Settings

LOOPBACK = {"127.0.0.1", "::1", "localhost"}
SHORTEST_SECRET = 32  # bytes: 256 bits, as long as the tokens that it signs


def disagreements(settings: "Settings") -> Iterator[Fault]:
    """Settings that are of no use without one another."""
    if settings.smtp.host and not settings.smtp.sender:
        yield Fault(place="[smtp] sender", message="a mail server needs the address that mails come from")
    if settings.smtp.username and not settings.smtp.password_file:
        yield Fault(place="[smtp] password_file", message="a username needs the file that holds its password")


# What every mail, page and print tells a patient who feels ill.
WHOM_TO_CALL = ("phone", "after_hours_phone", "emergency_number", "fever_threshold")


def unsafe(settings: "Settings", environ: Mapping[str, str]) -> Iterator[Fault]:
    """What production = true refuses: each could harm or expose a patient."""
    if environ.get("INFUSIONS_NOW"):
        message = "a made-up clock is refused with production = true; unset it"
        yield Fault(place="INFUSIONS_NOW", message=message)
    if not settings.server.public_url.startswith("https://"):
        message = "production needs the https:// address of the service"
        yield Fault(place="[server] public_url", message=message)
    if settings.smtp.tls == "none" and settings.smtp.host not in LOOPBACK | {""}:
        message = "mails to another host need starttls or implicit with production = true"
        yield Fault(place="[smtp] tls", message=message)
    for fault in unreachable(settings.clinic):
        yield Fault(place=fault.place.replace("clinic.", "[clinic] "), message=fault.message)
    yield from _unsafe_secret(settings.security.secret_file)


def unreachable(clinic: "ClinicSettings") -> Iterator[Fault]:
    """What is missing of whom patients call, and when; the place is the setting's name."""
    for name in WHOM_TO_CALL:
        if not getattr(clinic, name):
            message = "is empty, and every mail tells whom to call and when; production needs it"
            yield Fault(place=f"clinic.{name}", message=message)


# ------------------------------------------------------------------------------------------------------------


def _unsafe_secret(path: Path) -> Iterator[Fault]:
    where = "[security] secret_file"
    try:
        status = path.stat()
    except OSError:
        message = f"production needs a secret: openssl rand -hex 32 > {path} && chmod 600 {path}"
        yield Fault(place=where, message=message)
        return
    if status.st_size < SHORTEST_SECRET:
        yield Fault(place=where, message=f"{path} must hold at least {SHORTEST_SECRET} bytes")
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield Fault(place=where, message=f"{path} can be read by others: chmod 600 {path}")
