"""A whole run at debug level leaves no secret behind: not in a log, a table, a record, an error or a database."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reelmill.errors import ExitCode
from tests.support.leaks import SIGNED, TOKENS, leaks, secret_feed
from tests.support.making import copy_content
from tests.support.postgres import postgres_server
from tests.support.services import fake_gcs, simulator
from tests.support.shop import picture_shop

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.timeout(400)

# The command line, but that the one shop of this test may be on this machine.
COMMAND = """
import sys
from reelmill.veo.images import ImageFetcher
from tests.support.shop import fetcher_for
origin, authority = sys.argv[1:3]
ImageFetcher.from_settings = classmethod(lambda cls, settings: fetcher_for(origin, authority))
from reelmill.cli import main
main(sys.argv[3:])
"""


class Night:
    """One output, one ledger and a shop, and everything that its commands print."""

    def __init__(self, folder: Path, ledger_url: str, veo, gcs, shop) -> None:
        self.folder, self.shop = folder, shop
        self.printed: list[str] = []
        self.output = f"gs://{gcs.bucket()}/reels"
        for name in ("here", "tmp"):
            (folder / name).mkdir()
        self.environment = os.environ | {
            "GOOGLE_CLOUD_PROJECT": "rehearsal",
            "REELMILL_VERTEX_BASE_URL": veo.url,
            "REELMILL_VERTEX_TOKEN": TOKENS["access token"],
            "STORAGE_EMULATOR_HOST": gcs.url,
            "REELMILL_LEDGER_URL": ledger_url,
            "REELMILL_LOG_LEVEL": "DEBUG",
            "REELMILL_MEDIA_USE": "first_frame",
            "REELMILL_QUOTA_PER_MINUTE": "6000",
            "REELMILL_POLL_INTERVAL_S": "0.1",
            "REELMILL_UNCLEAR_WAIT_S": "0.5",
            "REELMILL_INSPECT": "header",
            "HTTPS_PROXY": f"http://me:{TOKENS['proxy password']}@127.0.0.1:9",
            "HTTP_PROXY": f"http://me:{TOKENS['proxy password']}@127.0.0.1:9",
            "NO_PROXY": "127.0.0.1,localhost",
            "REELMILL_WEBHOOK_URL": f"http://127.0.0.1:9/{TOKENS['webhook path']}?key={TOKENS['webhook path']}",
            "REELMILL_WEBHOOK_SECRET": f"whsec_{TOKENS['webhook secret']}",
            "REELMILL_CMS_URL": f"http://127.0.0.1:9/{TOKENS['CMS path']}",
            "REELMILL_CMS_TOKEN": TOKENS["CMS token"],
            "REELMILL_CMS_ATTEMPTS": "1",
            "REELMILL_REVIEW": "optional",
            "REELMILL_RENDITIONS": "false",  # clips go as they came, with a brand that adds nothing
            "REELMILL_CATALOGS_DIR": str(copy_content(folder / "content")),
            "REELMILL_PUBLIC_BASE_URL": "https://cdn.example.com/reels",
            "OTEL_EXPORTER_OTLP_HEADERS": f"api-key={TOKENS['telemetry key']}",
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(ROOT),
        }

    def run(self, *arguments: str, **changes: str) -> int:
        command = [sys.executable, "-c", COMMAND, self.shop.origin, str(self.shop.authority), *arguments]
        ended = subprocess.run(
            command,
            env=self.environment | changes,
            cwd=self.folder / "here",
            capture_output=True,
            check=False,
            text=True,
            timeout=300,
        )
        self.printed += [ended.stdout, ended.stderr]
        assert "Traceback" not in ended.stderr, ended.stderr[-3000:]
        return ended.returncode

    def severities(self) -> set[str]:
        """Those of the latest command's log lines, if they are JSON."""
        return {json.loads(line)["severity"] for line in self.printed[-1].splitlines() if line.startswith("{")}


def test_the_search_finds_what_is_there(tmp_path):
    secret = TOKENS["Azure signature"]
    pq.write_table(pa.table({"raw": [[{"deep": secret}]] * 1000}), tmp_path / "t.parquet", compression="zstd")
    (tmp_path / "log").write_text(f"see {secret.replace('%', '%25')}")
    assert len(leaks([tmp_path], [f"a {secret} b"], [secret])) >= 3
    assert leaks([tmp_path], ["nothing"], ["SECRETnobody"]) == []


def test_a_night_of_the_command_line_leaves_no_secret(tmp_path):
    bank = tmp_path / "bank"
    bank.mkdir()
    shop_folder = tmp_path / "shop"
    shop_folder.mkdir()
    night_folder = tmp_path / "night"
    night_folder.mkdir()
    with (
        fake_gcs(tmp_path / "gcs") as gcs,
        simulator(gcs.url, prompt_faults=True, journal=bank / "journal.jsonl") as veo,
        picture_shop(shop_folder) as shop,
    ):
        shop.signature, shop.closed = SIGNED, {"/expired.png"}
        night = Night(night_folder, f"sqlite:///{night_folder / 'here' / 'ledger.db'}", veo, gcs, shop)
        feed = secret_feed(tmp_path / "feed.csv", shop.origin)
        run = ["run", str(feed), "--platforms", "tiktok", "--output", night.output, "--yes"]

        assert night.run("plan", str(feed), "--platforms", "tiktok", "--output", night.output) == ExitCode.OK
        assert night.run(*run) == ExitCode.ATTENTION
        night.run("preview", str(feed), "--platforms", "tiktok", "--limit", "20")
        night.run("status", "--output", night.output, "--json")
        night.run("settle", "--output", night.output)
        night.run("redrive", "--output", night.output, "--yes", REELMILL_LOG_FORMAT="json")
        assert "DEBUG" in night.severities()
        night.run("report", "--output", night.output)
        assert night.run("manifest", "--output", night.output) == ExitCode.OK
        assert night.run("publish", "--to", "cms", "--output", night.output) == ExitCode.ERROR  # nobody is there
        for verb in ("test", "send", "redrive", "status"):
            night.run("webhooks", verb)
        assert "127.0.0.1:9" in "".join(night.printed)  # of the address, whoever it leads to is told
        night.run("doctor", REELMILL_VERTEX_BASE_URL="http://vertex.invalid:1")  # through a proxy that is not there
        locked = "postgresql://me:SECRETledger@127.0.0.1:9/none"
        night.run("status", REELMILL_LEDGER_URL=locked)
        assert night.run("settings", REELMILL_LEDGER_URL=locked) == ExitCode.OK
        assert night.run("settings", "--json", REELMILL_LEDGER_URL=locked) == ExitCode.OK
        in_json = {"REELMILL_LOG_FORMAT": "json", "REELMILL_LEDGER_URL": f"sqlite:///{night_folder / 'json.db'}"}
        rest = ["--only", "amz", "expired", "inside", "fails", "--output", f"{night.output}/json"]
        assert night.run(*run[:-3], *rest, "--yes", **in_json) == ExitCode.ATTENTION
        assert {"DEBUG", "INFO"} <= night.severities()

        made = [entry for entry in veo.journal() if entry["outcome"] == "succeeded"]
        assert {entry["labels"]["sku"] for entry in made} >= {"goog", "amz", "azure", "cdn", "key"}
    assert any(TOKENS["S3 signature"] in path for path in shop.asked)
    assert "DEBUG" in "".join(night.printed)
    assert list((night_folder / "tmp").iterdir()) == []
    assert leaks([tmp_path], night.printed, [*TOKENS.values(), "SECRETledger"], but=[feed]) == []


def test_a_password_of_the_ledger_is_nowhere(tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "night").mkdir()
    with postgres_server() as server, fake_gcs(tmp_path / "gcs") as gcs, picture_shop(tmp_path / "shop") as shop:
        database = server.create()
        with simulator(gcs.url) as veo:
            shop.signature, shop.closed = SIGNED, set()
            night = Night(tmp_path / "night", server.url(database), veo, gcs, shop)
            night.environment["REELMILL_LOG_FORMAT"] = "json"
            feed = secret_feed(tmp_path / "feed.csv", shop.origin)
            only = ["--only", "goog", "--platforms", "tiktok", "--output", night.output]
            assert night.run("run", str(feed), *only, "--yes") == ExitCode.OK
            assert {"DEBUG", "INFO"} <= night.severities()
            night.run("doctor", "--output", night.output)
            wrong = server.url(database).replace(server.password, "SECRETwrong")
            assert night.run("status", "--output", night.output, REELMILL_LEDGER_URL=wrong) == ExitCode.ERROR
        with psycopg.connect(server.url(database)) as connection:
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            rows = [repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()) for (name,) in tables]
    assert len(rows) > 5
    secrets = [*TOKENS.values(), server.password, "SECRETwrong"]
    assert leaks([tmp_path], [*night.printed, *rows], secrets, but=[feed]) == []
