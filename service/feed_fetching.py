"""Fetches a calendar as a calendar program does, and looks at how it is served. Nothing here tells its address."""

import http.client
import ssl
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from urllib.parse import SplitResult, urljoin, urlsplit

from calendars.findings import Finding, fault
from scheduler.errors import InfusionsError, InvalidValue

SECONDS = 20
MAX_BYTES = 20_000_000
MAX_REDIRECTS = 5
PROGRAM = "infusions-feed-check"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}
REDIRECTS = {301, 302, 303, 307, 308}


class NotFetched(InfusionsError):
    """The server could not be asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server answered; names of headers in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A calendar as it is served. `host` is all that may be told of its address."""

    host: str
    body: bytes
    headers: Mapping[str, str]
    honours_304: bool
    takes_gzip: bool
    findings: tuple[Finding, ...]


def fetch_calendar(address: str) -> Served:
    """The calendar at the address and how it is served. Raises InvalidValue for what is no address, NotFetched."""
    parts = _parts(address)
    findings = [] if parts.scheme == "https" or parts.hostname in LOOPBACK else [fault("not-https", "the address")]
    parts, answer = _followed(parts, findings)
    findings += _of_status(answer.status)
    if answer.status != 200:
        return _served(parts, answer, findings)
    findings += _of_headers(answer.headers)
    if len(answer.body) > MAX_BYTES:
        findings.append(fault("too-large", "the body", size=MAX_BYTES // 1_000_000))
        return _served(parts, replace(answer, body=b""), findings)
    findings += _of_length(answer)
    if _in_gzip(answer):
        findings.append(fault("gzip-unasked", "Content-Encoding"))
        answer = replace(answer, body=_unpacked(answer.body))
    again = _ask(parts, **{"If-None-Match": answer.headers.get("etag", '"none"')})
    if "etag" in answer.headers and again.status != 304:
        findings.append(fault("no-304", "If-None-Match"))
    head = _ask(parts, "HEAD")
    if unlike := _unlike(head, answer):
        findings.append(fault("head", "HEAD", found=unlike))
    packed = _ask(parts, **{"Accept-Encoding": "gzip"})
    findings += _of_gzip(packed, answer)
    return _served(parts, answer, findings, honours_304=again.status == 304, takes_gzip=_in_gzip(packed))


# ---------------------------------------------------------------------------------------------------------------------


def _parts(address: str) -> SplitResult:
    told = address.strip()
    scheme, separator, rest = told.partition("://")
    # What a patient taps is webcal://, which programs read as https.
    plain = "https" if scheme.lower() in {"webcal", "webcals"} else scheme.lower()
    with suppress(ValueError):  # a port that is none, a bracket that is not closed
        parts = urlsplit(f"{plain}{separator}{rest}")
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 and told.isprintable():
            return parts
    raise InvalidValue("address: this is no address of a calendar; it starts with https:// or webcal://")


def _followed(parts: SplitResult, findings: list[Finding]) -> tuple[SplitResult, Answer]:
    answer = _ask(parts)
    for _ in range(MAX_REDIRECTS):
        if answer.status not in REDIRECTS or "location" not in answer.headers:
            break
        parts = _parts(urljoin(parts.geturl(), answer.headers["location"]))
        findings.append(fault("redirect", f"to {parts.hostname}"))
        answer = _ask(parts)
    return parts, answer


def _ask(parts: SplitResult, method: str = "GET", **headers: str) -> Answer:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    sent = {"User-Agent": PROGRAM, "Accept": "text/calendar", "Accept-Encoding": "identity", **headers}
    try:
        connection.request(method, path, headers=sent)
        response = connection.getresponse()
        body = response.read(MAX_BYTES + 1)
    except ssl.SSLCertVerificationError as refused:
        reason = f"its certificate is not trusted ({refused.verify_message})"
        raise NotFetched(f"{parts.hostname}: {reason}; programs refuse it too, renew it") from None
    except (OSError, http.client.HTTPException, UnicodeError) as refused:
        reason = getattr(refused, "strerror", None) or type(refused).__name__
        raise NotFetched(f"{parts.hostname}: gives no answer ({reason}); check the name and that it runs") from None
    finally:
        connection.close()
    told = {name.lower(): value for name, value in response.getheaders()}
    return Answer(status=response.status, headers=told, body=body)


def _of_status(status: int) -> Iterator[Finding]:
    if status in {404, 410}:
        yield fault("gone" if status == 410 else "not-found", "the address")
    elif status in {401, 403, 407}:
        yield fault("sign-in", "the address")
    elif status != 200:
        yield fault("status", "the address", status=status)


def _of_headers(headers: Mapping[str, str]) -> Iterator[Finding]:
    announced = headers.get("content-type", "")
    if announced.replace(" ", "").lower() not in {"text/calendar;charset=utf-8", 'text/calendar;charset="utf-8"'}:
        yield fault("content-type", "Content-Type", found=announced or "nothing")
    if "set-cookie" in headers:
        yield fault("cookie", "Set-Cookie")
    control = headers.get("cache-control", "").lower()
    if not any(word in control for word in ("private", "no-store")):
        yield fault("shared-cache", "Cache-Control", found=control or "missing")
    if "etag" not in headers:
        yield fault("no-etag", "ETag")
    elif headers["etag"].startswith("W/"):
        yield fault("weak-etag", "ETag")
    if "last-modified" not in headers:
        yield fault("no-last-modified-header", "Last-Modified")
    if headers.get("content-disposition", "").lower().startswith("attachment"):
        yield fault("attachment", "Content-Disposition")
    if headers.get("referrer-policy") != "no-referrer":
        yield fault("referrer", "Referrer-Policy")
    if "noindex" not in headers.get("x-robots-tag", ""):
        yield fault("robots", "X-Robots-Tag")


def _of_gzip(packed: Answer, plain: Answer) -> Iterator[Finding]:
    """What is wrong with the answer to a program that takes gzip, beside the one to another."""
    if not _in_gzip(packed):
        yield fault("no-gzip", "Content-Encoding")
        return
    varies = {each.strip() for each in packed.headers.get("vary", "").lower().split(",")}
    if not varies & {"*", "accept-encoding"}:
        yield fault("no-vary", "Vary")
    if _unpacked(packed.body) != plain.body:
        yield fault("gzip-differs", "Content-Encoding")


def _in_gzip(answer: Answer) -> bool:
    return answer.headers.get("content-encoding") == "gzip"


def _of_length(answer: Answer) -> Iterator[Finding]:
    told = answer.headers.get("content-length", "")
    if told.isdecimal() and int(told) > len(answer.body):
        yield fault("cut-off", "Content-Length", came=len(answer.body), size=int(told))


def _unlike(head: Answer, answer: Answer) -> str:
    if head.status != answer.status:
        return f"status {head.status}"
    differ = [name for name in ("content-type", "etag") if head.headers.get(name) != answer.headers.get(name)]
    return f"another {differ[0]}" if differ else ""


def _unpacked(body: bytes) -> bytes:
    """What is in the gzip; empty where that is none, or too much: a few bytes may hold a gigabyte."""
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        unpacked = unpacking.decompress(body, MAX_BYTES)
    except zlib.error:
        return b""
    return unpacked if unpacking.eof else b""


def _served(
    parts: SplitResult, answer: Answer, findings: list[Finding], *, honours_304: bool = False, takes_gzip: bool = False
) -> Served:
    return Served(
        host=parts.hostname or "",
        body=answer.body if answer.status == 200 else b"",
        headers=answer.headers,
        honours_304=honours_304,
        takes_gzip=takes_gzip,
        findings=tuple(findings),
    )
