"""What the doctor asks about Veo, against a server that answers like Google or does not."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from reelmill.settings import Settings
from reelmill.veo.preflight import veo_checks
from reelmill.veo.registry import Registry
from tests.support.postcount import answer, drop, post_counter

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MODEL = "veo-3.1-fast-generate-001"
PUBLISHED = {"name": f"publishers/google/models/{MODEL}", "versionId": "001", "launchStage": "GA"}
GONE = {"error": {"code": 404, "status": "NOT_FOUND", "message": f"Publisher Model `{MODEL}` is not found."}}


def clock(skew_s=0):
    def behave(connection, server):
        when = datetime.fromtimestamp(datetime.now(UTC).timestamp() - skew_s, UTC)
        return answer(404, {}, headers={"Date": format_datetime(when, usegmt=True), "Connection": "close"})(
            connection, server
        )

    return behave


def run(*behaviours, **fields):
    """The checks by name, and the requests that they made."""
    with post_counter(*behaviours) as server:
        settings = Settings(**{"project": "p", "vertex_base_url": server.url, "model": MODEL, **fields})
        checks = {check.name: check for check in veo_checks(settings, Registry.shipped(), now=NOW)}
    for check in checks.values():
        assert check.detail
        assert check.ok or check.fix, check
    return checks, server


def test_all_is_well():
    checks, server = run(clock(), answer(200, PUBLISHED))
    assert {name: check.ok for name, check in checks.items()} == {
        "project": True,
        "region": True,
        "model": None,  # past its "or later" date
        "prices": True,
        "clock": True,
        "credentials": True,
        "model published": True,
    }
    assert "reelmill doctor" not in checks["model"].detail
    assert [seen.method for seen in server.seen] == ["GET", "GET"]
    assert server.seen[1].path.startswith(f"/v1/publishers/google/models/{MODEL}?")
    assert server.seen[1].headers["authorization"] == "Bearer rehearsal"
    assert "authorization" not in server.seen[0].headers


def test_a_model_that_is_no_longer_published_names_others():
    checks, server = run(clock(), answer(404, GONE))
    check = checks["model published"]
    assert check.ok is False
    assert "veo-3.1-generate-001" in check.fix
    assert MODEL not in check.fix
    assert len(server.seen) == 2


@pytest.mark.parametrize("status", [401, 403])
def test_no_permission_names_the_role(status):
    checks, _ = run(clock(), answer(status, {"error": {"code": status, "message": "no"}}))
    assert not checks["model published"].ok


def test_403_names_the_role():
    checks, _ = run(clock(), answer(403, {"error": {"code": 403, "message": "no"}}))
    assert "roles/aiplatform.user" in checks["model published"].fix


@pytest.mark.parametrize("behaviour", [drop, answer(503, {"error": {"code": 503}}), answer(200, raw=b"<html>")])
def test_no_answer_is_a_warning_and_one_request(behaviour):
    checks, server = run(clock(), behaviour)
    assert checks["model published"].ok is None
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("skew_s", "ok"), [(5, True), (-5, True), (60, None), (-60, None), (400, False), (-400, False)]
)
def test_the_clock(skew_s, ok):
    checks, _ = run(clock(skew_s), answer(200, PUBLISHED))
    assert checks["clock"].ok is ok
    assert ("ahead" if skew_s > 0 else "behind") in checks["clock"].detail


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE"),
        ("https_proxy", "socks5://127.0.0.1:1080", "speaks socks5"),
        ("https_proxy", "http://proxy:port", "cannot be read"),
    ],
)
def test_what_keeps_submits_from_being_sent_is_found(monkeypatch, name, value, problem):
    for other in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    settings = Settings(project="p", vertex_base_url="https://127.0.0.1:9", vertex_token="t")
    checks = {check.name: check for check in veo_checks(settings, Registry.shipped(), now=NOW)}
    assert checks["clock"].ok is False
    assert problem in checks["clock"].detail


def test_settings_that_are_wrong_are_found_without_a_single_request():
    checks, server = run(
        clock(), project="", location="europe-west4", model="veo-3.1-lite-generate-001", resolution="4k"
    )
    assert {name: check.ok for name, check in checks.items()} == {
        "project": False,
        "region": False,
        "model": True,
        "prices": False,
    }
    assert "us-central1" in checks["region"].fix
    assert server.seen == []


def test_a_retired_or_unknown_model_is_found():
    checks, _ = run(clock(), answer(404, GONE), model="veo-2.0-generate-001")
    assert checks["model"].ok is False
    assert "veo-3.1-generate-001" in checks["model"].fix
    assert "veo-3.1-generate-001" in checks["model published"].fix
    checks, server = run(clock(), model="veo-9")
    assert checks["model"].ok is False
    assert "model published" not in checks
    assert len(server.seen) == 1


def test_the_model_of_drafts_is_asked_about_too():
    checks, server = run(clock(), answer(200, PUBLISHED), answer(404, GONE), draft_model="veo-3.1-lite-generate-001")
    assert (checks["draft region"].ok, checks["draft model"].ok, checks["draft prices"].ok) == (True, True, True)
    assert checks["model published"].ok is True
    assert checks["draft model published"].ok is False
    assert checks["draft model published"].fix.startswith("Set draft_model to another one: ")
    assert server.seen[2].path.startswith("/v1/publishers/google/models/veo-3.1-lite-generate-001?")


def test_old_prices_warn():
    checks, _ = run(clock(), answer(200, PUBLISHED), price_max_age_days=30, audio=True)
    assert checks["prices"].ok is None
    assert "0.1 with sound" in checks["prices"].detail


def test_missing_credentials_are_found(monkeypatch, tmp_path):
    settings = Settings(project="p", vertex_base_url="https://vertex.invalid", credentials_file=tmp_path / "none.json")
    checks = {check.name: check for check in veo_checks(settings, Registry.shipped(), now=NOW)}
    assert checks["clock"].ok is None
    assert checks["credentials"].ok is False
    assert "credentials_file" in checks["credentials"].fix
