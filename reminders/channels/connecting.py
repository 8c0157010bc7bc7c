"""The way to a mail server: connected, made safe and signed in. It can be given up at any moment, by another thread."""

import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import Any

from reminders.channels.answers import reason
from reminders.channels.delivery import DeliveryError, Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mails go. `tls`: "implicit" from the first byte on, "starttls" (required), or "none".

    `name` is how this machine calls itself. `timeout`: seconds that the server may be silent.
    """

    host: str
    port: int
    tls: str
    username: str = ""
    password: str = ""
    name: str = "localhost"
    timeout: float = 30

    def __str__(self) -> str:
        return f"mail server {self.host}:{self.port}"

    def ours(self, what: str) -> DeliveryError:
        """That nothing can go by this server, and why."""
        return DeliveryError(f"{self} {what}", fate=Fate.OURS)


class Connecting:
    """A connection that is being made, in a thread of its own: a name that nobody resolves and a server that is not
    there keep a thread for minutes, and nothing wakes it. Who waits for it can be sent away."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._latest: smtplib.SMTP | None = None
        self._left = False
        self._news: SimpleQueue[smtplib.SMTP | Exception] = SimpleQueue()
        # Of no use to anybody once the program ends, so it keeps it from nothing.
        Thread(target=self._work, name="mail-server", daemon=True).start()

    def wait(self) -> smtplib.SMTP:
        """The connection, ready for mails; DeliveryError (OURS) when there is none, or when it was left."""
        found = self._news.get()
        if isinstance(found, Exception):
            raise found
        return found

    def leave(self) -> None:
        """Ends the connection under whoever uses it, and the wait for it."""
        self._left = True
        self._news.put(self._server.ours("was not waited for: this program was asked to stop"))
        found = self._latest.sock if self._latest else None
        if found is not None:
            with suppress(OSError):
                socket.socket.shutdown(found, socket.SHUT_RDWR)  # TLS would take leave of who does not answer

    def _work(self) -> None:
        try:
            smtp = self._connect()
            try:
                self._prepare(smtp)
            except BaseException:
                smtp.close()
                raise
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            self._news.put(error)
            return
        self._news.put(smtp)
        if self._left:
            smtp.close()

    def _begun(self, smtp: smtplib.SMTP) -> None:
        self._latest = smtp

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        try:
            if server.tls == "implicit":
                return _SafeSmtp(
                    self._begun,
                    server.host,
                    server.port,
                    server.name,
                    timeout=server.timeout,
                    context=ssl.create_default_context(),
                )
            return _PlainSmtp(self._begun, server.host, server.port, server.name, timeout=server.timeout)
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from None
        except smtplib.SMTPConnectError as error:
            raise server.ours(f"turns us away ({error.smtp_code}); wait, or ask who runs it") from None
        except (smtplib.SMTPException, OSError) as error:
            raise server.ours(f"can't be reached ({reason(error)}); check [smtp] host, port and tls") from None

    def _prepare(self, smtp: smtplib.SMTP) -> None:
        server, asked = self._server, "STARTTLS"
        try:
            smtp.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                smtp.starttls(context=ssl.create_default_context())
                smtp.ehlo()
            asked = "AUTH"
            if server.username:
                smtp.login(server.username, server.password)
        except smtplib.SMTPAuthenticationError as error:
            raise self._not_signed_in(error.smtp_code) from None
        except smtplib.SMTPNotSupportedError:
            raise server.ours(f"offers no {asked}; check [smtp] port and tls, or ask who runs it") from None
        except ssl.SSLCertVerificationError as error:
            raise self._untrusted(error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise server.ours(f"breaks off the greeting ({reason(error)}); check [smtp] port and tls") from None

    def _not_signed_in(self, code: int) -> DeliveryError:
        if code < 500:
            return self._server.ours(f"can't check our sign-in now ({code}); wait, or ask who runs it")
        return self._server.ours(f"refuses our sign-in ({code}); check [smtp] username and password_file")

    def _untrusted(self, error: ssl.SSLCertVerificationError) -> DeliveryError:
        return self._server.ours(
            f"has a certificate that can't be trusted ({error.verify_message}); check [smtp] host, or ask who runs it"
        )


# ---------------------------------------------------------------------------------------------------------------------


class _PlainSmtp(smtplib.SMTP):
    """Known before it connects, which its making does: so somebody else can end it while it waits for the greeting."""

    def __init__(self, known: Callable[[smtplib.SMTP], None], *args: Any, **kwargs: Any) -> None:
        known(self)
        super().__init__(*args, **kwargs)


class _SafeSmtp(smtplib.SMTP_SSL):
    """The same with TLS from the first byte on."""

    def __init__(self, known: Callable[[smtplib.SMTP], None], *args: Any, **kwargs: Any) -> None:
        known(self)
        super().__init__(*args, **kwargs)
