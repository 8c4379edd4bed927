"""What ``make`` sets itself up with on a machine that has one Python only."""

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def test_every_python_that_we_support_is_looked_for_by_its_own_name():
    low, high = re.findall(
        r"3\.(\d+)", tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["requires-python"]
    )
    script = (PROJECT / "scripts" / "setup").read_text()

    (names,) = re.findall(r"for candidate in (.*); do", script)
    assert set(names.split()) == {"python3", *(f"python3.{minor}" for minor in range(int(low), int(high)))}
