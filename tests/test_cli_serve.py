"""`infusions serve`: a real process that answers, keeps tokens out of its logs, and stops cleanly."""

import http.client
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.cli import NOW, Infusions, run_process, start_process


@pytest.fixture
def folder(migrated_sqlite: Path, tmp_path: Path) -> Path:
    """A folder with a migrated database where the settings that come along look for it."""
    (tmp_path / "data").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "data" / "infusions.db")
    return tmp_path


class Service:
    """A running service and what it printed up to its start."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.lines: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line.decode().rstrip("\n"))
            if line.startswith(b"Serving "):
                return
        raise AssertionError(process.communicate())

    @property
    def address(self) -> str:
        return self.lines[-1].split()[1]

    def get(self, path: str, method: str = "GET") -> tuple[http.client.HTTPResponse, bytes]:
        parts = urlsplit(self.address)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=10)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def stop(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out.decode(), err.decode()


@contextmanager
def serving(folder: Path, *args: str) -> Iterator[Service]:
    process = start_process(folder, "serve", "--port", "0", *args)
    try:
        yield Service(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_make_run_shows_sign_in_feed_and_mails_and_the_feed_is_served(folder: Path) -> None:
    with serving(folder, "--demo") as service:
        shown = "\n".join(service.lines)
        assert re.search(r"^  sign-in +http://127\.0\.0\.1:\d+/sign-in as nurse$", shown, re.MULTILINE)
        assert re.search(r"^  password +\S{12,}", shown, re.MULTILINE)
        assert f"Mails are written to {folder}/data/mail." in shown
        (feed,) = re.findall(r"^  feed +(\S+/c/\S+\.ics)$", shown, re.MULTILINE)
        answer, body = service.get(urlsplit(feed).path)
        assert (answer.status, body[:15]) == (200, b"BEGIN:VCALENDAR")
        assert answer.getheader("server") is None
        assert service.get("/healthz")[0].status == 200
        assert service.get("/sign-in")[0].status == 200


def test_tokens_reach_no_log(folder: Path) -> None:
    with serving(folder, "--demo") as service:
        (feed,) = re.findall(r"\S+/c/\S+\.ics", "\n".join(service.lines))
        token = urlsplit(feed).path.split("/")[2].removesuffix(".ics")
        service.get(f"/c/{token}.ics")
        service.get(f"/c/{token[:-1]}x.ics")
        service.get(f"/c/{token}.ics", "POST")
        _, out, err = service.stop(signal.SIGTERM)
        assert token[:-1] not in out + err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [(), ("--no-reminders",)])
def test_it_stops_cleanly_on_ctrl_c_and_on_sigterm(
    folder: Path, number: signal.Signals, options: tuple[str, ...]
) -> None:
    with serving(folder, *options) as service:
        service.get("/healthz")
        code, out, err = service.stop(number)
        assert (code, out) == (0, "")
        assert "Traceback" not in err


def test_a_stop_that_arrives_twice_is_clean_too(folder: Path) -> None:
    # `make run` hands SIGTERM on, and a supervisor sends it to the whole group of processes.
    with serving(folder) as service:
        service.process.send_signal(signal.SIGTERM)
        time.sleep(0.01)  # else the kernel may merge the two
        code, _, err = service.stop(signal.SIGTERM)
        assert (code, err) == (0, "")


def test_an_idle_connection_does_not_keep_it_from_stopping(folder: Path) -> None:
    with serving(folder, "--no-reminders") as service:
        parts = urlsplit(service.address)
        with socket.create_connection((parts.hostname, parts.port)):
            assert service.stop(signal.SIGTERM)[0] == 0


def test_half_a_request_does_not_keep_it_from_stopping(folder: Path) -> None:
    with serving(folder, "--no-reminders") as service, connected(service) as half:
        half.sendall(b"GET /healthz HTTP/1.1\r\nHost: ")
        begin = time.monotonic()
        assert service.stop(signal.SIGTERM)[0] == 0
        assert time.monotonic() - begin < 10


def test_a_form_that_is_only_half_sent_does_not_keep_it_from_stopping(folder: Path) -> None:
    with serving(folder, "--no-reminders") as service, connected(service) as half:
        half.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nname=")
        time.sleep(0.2)
        begin = time.monotonic()
        code, _, err = service.stop(signal.SIGTERM)
        assert (code, "Traceback" in err) == (0, False)
        assert time.monotonic() - begin < 15  # 10 seconds to finish what is under way, and the stop itself


SECRET = "A" * 43
ODD_REQUESTS = {
    "no HTTP": f"{SECRET}\r\n\r\n",
    "no path": "GET  HTTP/1.1\r\nHost: x\r\n\r\n",
    "no known version": f"GET /c/{SECRET}.ics HTTP/9.9\r\nHost: x\r\n\r\n",
    "no known method": f"FETCH /c/{SECRET}.ics HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path that is not ASCII": f"GET /c/{SECRET}ü.ics HTTP/1.1\r\nHost: x\r\n\r\n",
    "a whole address as its path": f"GET http://elsewhere/c/{SECRET}.ics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a path that begins as a host does": f"GET //elsewhere/c/{SECRET}.ics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "bytes that no path has": f"GET /c/{SECRET}%00.ics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "a header without a name": f"GET /c/{SECRET}.ics HTTP/1.1\r\nHost: x\r\n: value\r\n\r\n",
    "two lengths": "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a length and chunks": "POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "an endless path": f"GET /c/{'A' * 200_000} HTTP/1.1\r\nHost: x\r\n\r\n",
    "an endless header": f"GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: {'A' * 200_000}",
    "endless headers": "GET /healthz HTTP/1.1\r\nHost: x\r\n" + "X: y\r\n" * 40_000,
}


def test_an_odd_request_is_refused_in_plain_http_and_its_path_is_in_no_log(folder: Path) -> None:
    with serving(folder, "--no-reminders") as service:
        for name, request in ODD_REQUESTS.items():
            status = status_of(service, request.encode())
            assert status in {400, 404, 405}, (name, status)
        assert service.get("/healthz")[0].status == 200
        code, out, err = service.stop(signal.SIGTERM)
    assert (code, out) == (0, "")
    assert SECRET not in err
    assert "Traceback" not in err


def test_requests_on_one_connection_are_answered_in_their_order(folder: Path) -> None:
    with serving(folder, "--no-reminders") as service, connected(service) as connection:
        first, second, last = (
            f"{line} HTTP/1.1\r\nHost: x\r\n" for line in ("GET /healthz", "HEAD /sign-in", "GET /nowhere")
        )
        connection.sendall(f"{first}\r\n{second}\r\n{last}Connection: close\r\n\r\n".encode())
        answers = b"".join(iter(lambda: connection.recv(65536), b""))
    assert re.findall(rb"^HTTP/1.1 (\d+)", answers, re.MULTILINE) == [b"200", b"200", b"404"]


@pytest.mark.parametrize("offer", ["h2c", "websocket"])
def test_who_offers_another_protocol_is_answered_in_plain_http(folder: Path, offer: str) -> None:
    with serving(folder, "--no-reminders") as service:
        head = f"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: {offer}\r\n\r\n"
        assert status_of(service, head.encode()) == 200
        assert service.stop(signal.SIGTERM)[0] == 0


@contextmanager
def connected(service: Service) -> Iterator[socket.socket]:
    parts = urlsplit(service.address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        yield connection


def status_of(service: Service, request: bytes) -> int:
    """The status of what is answered before the server closes the connection."""
    with connected(service) as connection:
        with suppress(OSError):  # the server may close before all of it is sent
            connection.sendall(request)
        answer = connection.recv(1000)
    return int(answer.split(b" ")[1])


def test_the_demo_is_loaded_into_an_empty_database_alone(folder: Path) -> None:
    with serving(folder, "--demo", "--no-reminders") as service:
        service.stop(signal.SIGTERM)
    with serving(folder, "--demo", "--no-reminders") as again:
        assert again.lines[0].startswith("The database is not empty, so the demo clinic was not loaded.")
        assert not any("password" in line for line in again.lines)


def test_the_demo_shows_a_course_in_each_state(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    with serving(folder, "--demo", "--no-reminders") as service:
        service.stop(signal.SIGTERM)
    infusions = Infusions(folder, capsys, {"INFUSIONS_NOW": NOW})
    courses = {each["patient"]: each for each in infusions.done("course", "list", "--json").json()["courses"]}
    assert {name: each["state"] for name, each in courses.items()} == {
        "Patient Example One": "running",
        "Patient Example Two": "running",
        "Patient Example Three": "ceased",
        "Patient Example Four": "running",
        "Patient Example Five": "running",
        "Patient Example Six": "planned",
        "Patient Example Seven": "on-hold",
    }
    history = infusions.done("course", "history", courses["Patient Example One"]["course"], "--json").json()["history"]
    assert {entry["kind"] for entry in history} == {"given", "defer"}
    plan = infusions.done("course", "show", courses["Patient Example Three"]["course"], "--json").json()
    assert [window["final"] for window in plan["windows"]] == [True]


@pytest.mark.parametrize("day", ["2026-01-01", "2026-02-28", "2026-07-05", "2026-12-25", "2027-03-14", "2028-02-29"])
def test_the_demo_loads_on_any_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], day: str
) -> None:
    from service.config import load_settings
    from service.demo import load_demo
    from service.wiring import build_app

    monkeypatch.chdir(tmp_path)
    environ = {"INFUSIONS_NOW": f"{day}T03:00:00Z"}
    infusions = Infusions(tmp_path, capsys, environ).migrated()
    app = build_app(load_settings(None, environ), environ)
    assert load_demo(app) is not None
    assert load_demo(app) is None
    app.engine.dispose()
    states = [each["state"] for each in infusions.done("course", "list", "--json").json()["courses"]]
    assert sorted(states) == ["ceased", "on-hold", "planned", *["running"] * 4]


def test_a_port_that_is_taken_is_one_sentence(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        answer = run_process(folder, "serve", "--port", str(port))
    assert (answer.code, answer.out) == (1, "")
    assert re.fullmatch(rf"\[server\] host '127.0.0.1', port {port}: .*; choose another port\n", answer.err)


def test_a_host_that_is_not_here_is_one_sentence(folder: Path) -> None:
    answer = run_process(folder, "serve", "--host", "192.0.2.1", "--port", "0")
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)


def test_sigterm_during_the_start_ends_it_without_a_traceback(folder: Path) -> None:
    process = start_process(folder, "serve", "--port", "0", "--demo")
    assert process.stdout is not None
    time.sleep(1.5)
    process.terminate()
    _, err = process.communicate(timeout=20)
    assert process.returncode in {0, 130, -signal.SIGTERM}  # the last before the program itself has begun
    assert err.strip() == b""
