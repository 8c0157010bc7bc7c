"""The README's example of the HTTP interface is run by a shell, with curl, against the running service."""

import json
import re
import subprocess
from pathlib import Path

from service.courses import start_course
from tests.api_site import Api
from tests.stores import bob

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
PLACE = "http://127.0.0.1:8000"


def test_the_readmes_example_is_answered(api: Api) -> None:
    course = str(start_course(api.app, bob(), by="cli"))
    (script,) = re.findall(r"^```sh\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    assert PLACE in script
    script = script.replace(PLACE, api.url).replace("--silent", "--silent --write-out '\\n%{http_code}\\n'")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"TOKEN={api.token}; COURSE={course}\n{script}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    plan, calendar, preview, recorded = re.split(r"\n20[01]\n", done.stdout)[:4]
    assert json.loads(plan)["course"] == course
    assert calendar.startswith("BEGIN:VCALENDAR")
    assert json.loads(preview)["changes"] == json.loads(recorded)["changes"]
    assert json.loads(recorded)["revision"] == 1
