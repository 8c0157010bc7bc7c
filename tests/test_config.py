"""Settings: the file lists exactly the fields, all faults are told at once, the environment stands over the file."""

import tomllib
from dataclasses import fields
from datetime import date, time
from pathlib import Path

import pytest

from scheduler.errors import FileRefused, InfusionsError, InvalidValue
from service.config import Settings, load_settings
from service.wiring import read_secret

ROOT = Path(__file__).parents[1]


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def faults_of(path: Path | None, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(FileRefused) as refused:
        load_settings(path, environ or {})
    return str(refused.value).splitlines()


def uncommented(text: str) -> str:
    lines = text.splitlines()
    start = lines.index("[clinic]")
    return "\n".join(line.removeprefix("# ") for line in lines[start:])


def test_the_config_file_lists_exactly_the_settings_with_their_defaults(tmp_path: Path) -> None:
    text = uncommented((ROOT / "config.toml").read_text(encoding="utf-8"))
    listed = {name: set(table) for name, table in tomllib.loads(text).items()}
    known = {
        section.name: {each.name for each in fields(getattr(Settings(), section.name))} for section in fields(Settings)
    }
    assert listed == known
    assert load_settings(write(tmp_path, text), {}) == load_settings(write(tmp_path, ""), {})


def test_every_setting_can_be_set_by_the_environment(tmp_path: Path) -> None:
    text = uncommented((ROOT / "config.toml").read_text(encoding="utf-8"))
    environ = {}
    for section, table in tomllib.loads(text).items():
        for key, value in table.items():
            as_text = value if isinstance(value, str) else str(value).lower().replace("'", '"')
            environ[f"INFUSIONS_{section}__{key}".upper()] = as_text
    loaded = load_settings(write(tmp_path, ""), environ)
    assert loaded.clinic == Settings().clinic
    assert loaded.reminders == Settings().reminders
    assert loaded.feeds == Settings().feeds


def test_the_environment_stands_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, '[clinic]\nzone = "Europe/Berlin"\ncountry = "DE"\n')
    loaded = load_settings(path, {"INFUSIONS_CLINIC__ZONE": "Asia/Kolkata"})
    assert (loaded.clinic.zone, loaded.clinic.country) == ("Asia/Kolkata", "DE")


def test_values_are_read_into_what_they_mean(tmp_path: Path) -> None:
    loaded = load_settings(
        write(
            tmp_path,
            """
            [clinic]
            opening_days = ["sat", "mon"]
            closures = ["2026-12-31", "2026-12-24 staff training", "2027-01-02 to 2027-01-03 stock-taking"]
            default_at = "08:30"
            [reminders]
            infusion_days_before = [1, 7, 7]
            quiet = ["21:00", "07:30"]
            """,
        ),
        {},
    )
    assert loaded.clinic.opening_days == ("mon", "sat")
    assert [(each.day, each.name) for each in loaded.clinic.closures] == [
        (date(2026, 12, 24), "staff training"),
        (date(2026, 12, 31), "the clinic is closed"),
        (date(2027, 1, 2), "stock-taking"),
        (date(2027, 1, 3), "stock-taking"),
    ]
    assert loaded.clinic.default_at == time(8, 30)
    assert loaded.reminders.infusion_days_before == (7, 1)
    assert loaded.reminders.quiet == (time(21), time(7, 30))


def test_paths_in_the_file_are_relative_to_it_and_those_of_the_environment_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "clinic").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    path = write(tmp_path / "clinic", '[mail]\nfolder = "letters"\n')
    loaded = load_settings(path, {"INFUSIONS_SECURITY__SECRET_FILE": "key"})
    assert loaded.mail.folder == tmp_path / "clinic" / "letters"
    assert loaded.database.url == f"sqlite:///{tmp_path}/clinic/data/infusions.db"
    assert loaded.security.secret_file == tmp_path / "here" / "key"
    assert load_settings(None, {}).mail.folder == tmp_path / "here" / "data" / "mail"


def test_the_file_is_the_named_one_else_that_of_the_environment_else_the_one_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path)
    write(tmp_path, '[clinic]\nname = "here"\n')
    a, b = (write(tmp_path / name, f'[clinic]\nname = "{name}"\n') for name in ("a", "b"))
    assert load_settings(None, {}).clinic.name == "here"
    assert load_settings(None, {"INFUSIONS_CONFIG": str(a)}).clinic.name == "a"
    assert load_settings(b, {"INFUSIONS_CONFIG": str(a)}).clinic.name == "b"


def test_all_faults_are_told_at_once_each_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, '[clinic]\nzone = "Mars/X"\nphon = "1"\n[reminders]\nquiet = ["x"]\n[nope]\na = 1\n')
    told = faults_of(path, {"INFUSIONS_SERVER__PORT": "many", "INFUSIONS_CLINIC__PHON": "1"})
    places = [line.partition(": ")[0] for line in told]
    assert sorted(places) == sorted(
        [
            f"settings, {path} [clinic] phon",
            f"settings, {path} [nope]",
            "settings, INFUSIONS_CLINIC__PHON",
            f"settings, {path} [clinic] zone",
            "settings, INFUSIONS_SERVER__PORT",
            f"settings, {path} [reminders] quiet",
        ]
    )


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('[clinic]\nzone = "EST"', "IANA time zone"),
        ("[clinic]\nzone = 5", "must be a text"),
        ("[clinic]\nname = 5", "must be a text"),
        ('[clinic]\nname = "a\\nb"', "one line"),
        ('[clinic]\ncountry = "USA"', "two-letter"),
        ("[clinic]\nopening_days = []", "at least one"),
        ('[clinic]\nopening_days = ["someday"]', "at least one"),
        ('[clinic]\nopening_days = "mon"', "list"),
        ('[clinic]\nclosures = ["24 December"]', "must be dates"),
        ('[clinic]\nclosures = ["2026-12-24 to Christmas"]', "must be dates"),
        ('[clinic]\nclosures = ["2026-12-24 to 2026-12-20"]', "the first date first"),
        ('[clinic]\nclosures = ["2026-12-24 to 2027-12-25"]', "a span of 1 to 366 days"),
        ('[clinic]\ndefault_at = "9"', "time of day"),
        ("[clinic]\nlead_minutes = 500", "from 0 to 240"),
        ("[clinic]\nlead_minutes = true", "from 0 to 240"),
        ('[clinic]\nclosed_day_policy = "never"', "one of"),
        ('[database]\nurl = "mysql://x/y"', "must begin with"),
        ('[database]\nurl = "sqlite://"', "must begin with"),
        ("[server]\nport = 70000", "from 0 to 65535"),
        ('[server]\npublic_url = "clinic.example"', "https://"),
        ('[server]\nproduction = "yes"', "true or false"),
        ('[smtp]\ntls = "ssl"', "one of"),
        ('[smtp]\nsender = "clinic"', "mail address"),
        ('[smtp]\nhost = "mail.example"', "address that mails come from"),
        ('[smtp]\nusername = "me"', "password"),
        ('[mail]\nfolder = ""', "must not be empty"),
        ("[reminders]\ninfusion_days_before = [-1]", "from 0 to 365"),
        ('[reminders]\nquiet = ["20:00"]', "two times"),
        ("[reminders]\ntick_seconds = 0", "from 1 to 3600"),
        ('[feeds]\nrefresh = "6 hours"', "PT6H"),
        ('clinic = "ours"', "no such section"),
    ],
)
def test_a_value_that_cannot_be_read_says_what_it_should_be(tmp_path: Path, line: str, says: str) -> None:
    (told,) = faults_of(write(tmp_path, line))
    assert says in told


def test_a_list_in_the_environment_is_json(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    loaded = load_settings(path, {"INFUSIONS_REMINDERS__INFUSION_DAYS_BEFORE": "[5, 2]"})
    assert loaded.reminders.infusion_days_before == (5, 2)
    (told,) = faults_of(path, {"INFUSIONS_REMINDERS__INFUSION_DAYS_BEFORE": "5, 2"})
    assert "must be a list such as [3, 1]" in told


def test_a_file_that_is_not_there_or_no_toml_is_one_sentence(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.toml", tmp_path, write(tmp_path, "[clinic")):
        with pytest.raises(InvalidValue) as told:
            load_settings(path, {})
        assert str(path) in str(told.value)
        assert "\n" not in str(told.value)


def test_a_postgresql_address_gets_the_driver_that_comes_along(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        loaded = load_settings(write(tmp_path, ""), {"INFUSIONS_DATABASE__URL": f"{scheme}://u:p@h/d"})
        assert loaded.database.url == "postgresql+psycopg://u:p@h/d"


def test_the_public_address_follows_host_and_port_unless_it_is_set(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    assert load_settings(path, {"INFUSIONS_SERVER__PORT": "81"}).server.public_url == "http://127.0.0.1:81"
    assert load_settings(path, {"INFUSIONS_SERVER__HOST": "::1"}).server.public_url == "http://[::1]:8000"
    assert load_settings(path, {"INFUSIONS_SERVER__HOST": "0.0.0.0"}).server.public_url == "http://127.0.0.1:8000"
    named = load_settings(path, {"INFUSIONS_SERVER__PUBLIC_URL": "https://clinic.example/"})
    assert named.server.public_url == "https://clinic.example"


PRODUCTION = """
[clinic]
phone = "+1 555 0100"
after_hours_phone = "+1 555 0101"
emergency_number = "911"
fever_threshold = "38.0 °C"
[server]
production = true
public_url = "https://infusions.example"
[smtp]
host = "mail.example"
sender = "infusions@clinic.example"
"""


def test_production_starts_with_safe_settings(tmp_path: Path) -> None:
    read_secret(tmp_path / "data" / "secret")
    assert load_settings(write(tmp_path, PRODUCTION), {}).server.production


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"INFUSIONS_NOW": "2026-12-01T00:00:00Z"}, "INFUSIONS_NOW: a made-up clock"),
        ({"INFUSIONS_SERVER__PUBLIC_URL": "http://infusions.example"}, "[server] public_url"),
        ({"INFUSIONS_SERVER__PUBLIC_URL": ""}, "[server] public_url"),
        ({"INFUSIONS_SMTP__TLS": "none"}, "[smtp] tls"),
        ({"INFUSIONS_CLINIC__PHONE": ""}, "[clinic] phone"),
        ({"INFUSIONS_SECURITY__SECRET_FILE": "missing"}, "[security] secret_file"),
    ],
)
def test_production_refuses_what_could_harm(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    read_secret(tmp_path / "data" / "secret")
    (told,) = faults_of(write(tmp_path, PRODUCTION), environ)
    assert says in told


def test_production_accepts_plain_mail_to_this_machine_alone(tmp_path: Path) -> None:
    read_secret(tmp_path / "data" / "secret")
    environ = {"INFUSIONS_SMTP__TLS": "none", "INFUSIONS_SMTP__HOST": "127.0.0.1"}
    assert load_settings(write(tmp_path, PRODUCTION), environ).smtp.tls == "none"


def test_production_refuses_a_secret_that_others_can_read_or_guess(tmp_path: Path) -> None:
    secret = tmp_path / "data" / "secret"
    secret.parent.mkdir()
    secret.write_text("short", encoding="ascii")
    secret.chmod(0o644)
    told = faults_of(write(tmp_path, PRODUCTION))
    assert len(told) == 2
    assert "at least 32 bytes" in told[0]
    assert "chmod 600" in told[1]


def test_a_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    first = read_secret(path)
    assert len(first) >= 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_secret(path) == first
    assert [each.name for each in path.parent.iterdir()] == ["secret"]


def test_a_secret_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InfusionsError, match="secret_file"):
        read_secret(tmp_path / "file" / "secret")
    (tmp_path / "short").write_text("abc", encoding="ascii")
    with pytest.raises(InfusionsError, match="at least 32 bytes"):
        read_secret(tmp_path / "short")
