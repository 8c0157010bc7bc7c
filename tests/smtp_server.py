"""A real mail server in a process of its own: keeps each mail it takes in a folder, and answers as it is told.

As a module of pytest it brings the fixture `mail_server`. What it is told stands in FOLDER/answers.json, read at each step: for a step ("CONNECT", "EHLO", "HELO",
"MAIL", "RCPT", "DATA", "END"), or a step and an address ("RCPT bob@example.org"), a list of answers that are used up one by one; the last
stays when it is marked with "always ". "drop" breaks the connection, "hang" says nothing.
"""

# ruff: noqa: N802 - aiosmtpd finds commands by such names

import argparse
import asyncio
import json
import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests import forks

TLS = Path(__file__).parent / "tls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A mail that the server took: its envelope, its bytes, and the message read from them."""

    sender: str
    to: tuple[str, ...]
    content: bytes
    message: EmailMessage

    @property
    def text(self) -> str:
        """The plain text."""
        return _content(self.message, "plain")

    @property
    def html(self) -> str:
        """The HTML part."""
        return _content(self.message, "html")


@dataclass
class MailServer:
    """The running server, as a test sees it."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = 0
    process: ForkServerProcess | None = field(default=None, repr=False)

    def start(self) -> None:
        """Starts the process, on the port that it had before if there was one, and waits until it listens."""
        self.folder.mkdir(exist_ok=True)
        here, there = forks.context.Pipe(duplex=False)
        log = self.folder / "log"
        self.process = forks.forked(_run, self.folder, self.port, self.options, there, log=log)
        there.close()
        assert here.poll(30), "the mail server did not start"
        self.port = here.recv()
        here.close()

    def stop(self) -> None:
        """Ends the process."""
        if self.process is not None:
            self.process.terminate()
            self.process.join(10)
            self.process.close()
            self.process = None

    def answer(self, step: str, *answers: str) -> None:
        """Answers these at that step, one after the other, instead of taking the mail."""
        path = self.folder / "answers.json"
        told = json.loads(path.read_text()) if path.exists() else {}
        _write(path, json.dumps({**told, step: list(answers)}))

    def mails(self) -> tuple[Received, ...]:
        """The mails taken so far, in order."""
        return tuple(map(_received, self._files()))

    def latest(self, number: int) -> tuple[Received, ...]:
        """So many of the mails that were taken last, in order."""
        return tuple(map(_received, self._files()[-number:]))

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.mail"))

    def environ(self, **more: str) -> dict[str, str]:
        """The settings that send mails here."""
        plain = {"HOST": "127.0.0.1", "PORT": str(self.port), "TLS": "none", "SENDER": "clinic@clinic.example"}
        values = plain | {"RATE_PER_MINUTE": "100000"} | more
        return {f"INFUSIONS_SMTP__{name}": value for name, value in values.items()}


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    """A mail server that takes everything until it is told otherwise."""
    server = MailServer(folder=tmp_path / "received")
    server.start()
    yield server
    server.stop()


# ---------------------------------------------------------------------------------------------------------------------


def _received(path: Path) -> Received:
    envelope, _, content = path.read_bytes().partition(b"\n")
    told = json.loads(envelope)
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return Received(sender=told["from"], to=tuple(told["to"]), content=content, message=message)


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert isinstance(part, EmailMessage)
    content: str = part.get_content()
    return content


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(f".{os.getpid()}")
    beside.write_text(text)
    beside.replace(path)


# -- The process ------------------------------------------------------------------------------------------------------


class _Script:
    def __init__(self, folder: Path) -> None:
        self._path = folder / "answers.json"

    def next(self, step: str, address: str = "") -> str | None:
        told: dict[str, list[str]] = json.loads(self._path.read_text()) if self._path.exists() else {}
        answers = told.get(f"{step} {address}") or told.get(step)
        if not answers:
            return None
        if answers[0].startswith("always "):
            return answers[0].removeprefix("always ")
        answer = answers.pop(0)
        _write(self._path, json.dumps(told))
        return None if answer == "take" else answer


class _Server(SMTP):
    """aiosmtpd with a prompter."""

    script: _Script

    async def _told(self, step: str, address: str = "") -> bool:
        answer = self.script.next(step, address)
        if answer is None:
            return False
        await _act(self, answer)
        return True

    async def _handle_client(self) -> None:
        if await self._told("CONNECT"):
            assert self.transport is not None
            self.transport.close()
        else:
            await super()._handle_client()

    async def smtp_EHLO(self, hostname: str) -> None:
        if not await self._told("EHLO"):
            await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        if not await self._told("HELO"):
            await super().smtp_HELO(hostname)

    async def smtp_MAIL(self, arg: str | None) -> None:
        if not await self._told("MAIL"):
            await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        address = (arg or "").partition("<")[2].partition(">")[0]
        if not await self._told("RCPT", address):
            await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str | None) -> None:
        if not await self._told("DATA"):
            await super().smtp_DATA(arg)


async def _act(server: SMTP, answer: str) -> None:
    if answer == "drop":
        assert isinstance(server.transport, asyncio.Transport)
        server.transport.abort()
    elif answer == "hang":
        await asyncio.sleep(3600)
    else:
        await server.push(answer)
        if answer.startswith("421"):
            assert server.transport is not None
            server.transport.close()


class _Handler:
    def __init__(self, folder: Path, script: _Script, *, pipelining: bool) -> None:
        self._folder, self._script, self._count = folder, script, len(list(folder.glob("*.mail")))
        self._pipelining = pipelining

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        offers = ["250-PIPELINING"] if self._pipelining else []
        return [*responses[:-1], *offers, responses[-1]]

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        answer = self._script.next("END", envelope.rcpt_tos[0])
        if answer is None or answer.startswith("take and "):
            self._keep(envelope)
        if answer is None:
            return "250 2.0.0 taken"
        answer = answer.removeprefix("take and ")
        if answer in {"drop", "hang"}:
            await _act(server, answer)
        return answer

    def _keep(self, envelope: Envelope) -> None:
        self._count += 1
        path = self._folder / f"{self._count:06}.mail"
        told = json.dumps({"from": envelope.mail_from, "to": envelope.rcpt_tos})
        content = envelope.original_content
        assert content is not None
        beside = path.with_suffix(".part")
        beside.write_bytes(told.encode() + b"\n" + content)
        beside.replace(path)


def _authenticator(password: str) -> Any:
    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
        # Not handled: aiosmtpd itself says 535 when the password is wrong.
        return AuthResult(success=data.password == password.encode(), handled=False)

    return check


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "localhost.pem", TLS / "localhost.key")
    return context


async def _serve(options: argparse.Namespace, told: Connection) -> None:
    script = _Script(options.folder)
    _Server.script = script
    handler = _Handler(options.folder, script, pipelining=not options.one_by_one)
    secure: dict[str, Any] = {"tls_context": _context(), "require_starttls": True} if options.starttls else {}
    if options.password:
        secure |= {"authenticator": _authenticator(options.password), "auth_required": True, "auth_require_tls": False}

    def connection() -> SMTP:
        return _Server(handler, enable_SMTPUTF8=not options.ascii_only, ident="test", **secure)

    context = _context() if options.implicit else None
    loop = asyncio.get_running_loop()
    server = await loop.create_server(connection, "127.0.0.1", options.port, ssl=context)
    told.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def _run(folder: Path, port: int, options: tuple[str, ...], told: Connection) -> None:
    """Serves until it is ended; tells the port once it listens."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--starttls", action="store_true")
    parser.add_argument("--implicit", action="store_true")
    parser.add_argument("--ascii-only", action="store_true")
    parser.add_argument("--one-by-one", action="store_true")  # offers no PIPELINING
    parser.add_argument("--password", default="")
    given = parser.parse_args(options, argparse.Namespace(folder=folder, port=port))
    asyncio.run(_serve(given, told))
