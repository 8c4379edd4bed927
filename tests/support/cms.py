"""Start the CMS of :mod:`tests.support.cms_server`, and read what it kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class RunningCms:
    url: str
    folder: Path

    def requests(self, method: str = "") -> list[dict]:
        path = self.folder / "requests"
        lines = path.read_text().splitlines() if path.exists() else []
        return [one for one in map(json.loads, lines) if not method or one["method"] == method]

    def uploads(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.folder.glob("u*") if path.suffix != ".json"}

    def metadata(self, name: str = "u0") -> dict[str, str]:
        return json.loads((self.folder / f"{name}.json").read_text())["metadata"]


@contextmanager
def cms(folder: Path, *options: str) -> Iterator[RunningCms]:
    command = [sys.executable, "-m", "tests.support.cms_server", str(folder), *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline())
            yield RunningCms(f"http://127.0.0.1:{port}/files", folder)
        finally:
            process.kill()
