"""What all channels share: the mail that goes out, and the one error that says why it did not."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Fate(StrEnum):
    """What became of a try. Each asks for something else to be done."""

    SENT = "sent"  # the other side has taken it
    RETRY = "retry"  # not taken, may be later: another try after a while
    REFUSED = "refused"  # the address is refused for good: no more mails to it
    REJECTED = "rejected"  # this mail is refused for good, the address perhaps not
    BARRED = "barred"  # refused by a policy or a relay: our fault, not the address's; later it may be taken
    LOST = "lost"  # the connection broke after the whole mail was handed over: it may have arrived
    OURS = "ours"  # nothing of ours is taken, or nobody is there: nobody's mail can go, and no try counts


class DeliveryError(Exception):
    """A mail did not go, or may not have. The message is a sentence for staff, without names and addresses.

    `answer` is what the other side said, in codes: "450 at RCPT". `hung_up`: the connection is gone.
    """

    def __init__(self, message: str, *, fate: Fate, answer: str = "", hung_up: bool = False) -> None:
        super().__init__(message)
        self.fate = fate
        self.answer = answer
        self.hung_up = hung_up

    @property
    def permanent(self) -> bool:
        """Whether another try of the same mail to the same address is of no use."""
        return self.fate in {Fate.REFUSED, Fate.REJECTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A mail as it leaves: the addresses of its envelope, what writes its bytes (CRLF), and a name for a file of it.

    A channel may have the envelope read by the other side while the mail is being written.
    """

    sender: str
    to: str
    write: Callable[[], bytes]
    name: str


def nothing() -> None:
    """What there is to do meanwhile, when there is nothing."""


class Channel(Protocol):
    """A way out. `open` and `close` may be called again and again."""

    def open(self) -> None:
        """Gets ready to send; DeliveryError (OURS) when that is not possible now. Does nothing if it is ready."""

    def send(self, mail: Outgoing, meanwhile: Callable[[], None] = nothing, /) -> str:
        """Sends the mail and gives the answer in codes; DeliveryError tells what became of it otherwise.

        `meanwhile` is done while the other side works, where there is one; it may not raise anything.
        """

    def announce(self, sender: str, to: str, /) -> None:
        """Tells the other side, where that saves time, from whom and to whom the next mail is likely to be; nothing
        goes by it, and another mail may follow, or none. Raises nothing."""

    def prepare(self, sender: str, to: str, /) -> None:
        """Lets the other side get ready for the mail, where it was announced and that saves time: it is sent next
        unless something fails. Raises nothing."""

    def close(self) -> None:
        """Ends what `open` began."""

    def hang_up(self) -> None:
        """Ends what is under way, asked from another thread: `open` or `send` then fail as on a lost connection."""
