"""The dashboard and the alert rules name only what a real scrape shows."""

import json
import re
import socket
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from reelmill.telemetry.exporting import exporting
from tests.ledger.making import make_clip
from tests.telemetry.conftest import metrics_verb, scrape

DEPLOYMENTS = Path(__file__).resolve().parents[2] / "deployments"
DASHBOARD = json.loads((DEPLOYMENTS / "grafana" / "reelmill.json").read_text("utf-8"))
ALERTS = yaml.safe_load((DEPLOYMENTS / "prometheus" / "alerts.yml").read_text("utf-8"))
RULES = [rule for group in ALERTS["groups"] for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]] + [rule["expr"] for rule in RULES]
SERIES = re.compile(r"\b(reelmill_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"\b(?:by|without) \(([^)]*)\)")
FROM_THE_SCRAPER = {"job", "instance"}


@pytest.fixture
def shown(tmp_path, busy_ledger) -> dict[str, set[str]]:
    """The labels of every name that a scrape of both endpoints shows."""
    with metrics_verb(tmp_path) as (_, url):
        seen = dict(scrape(url))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with exporting("127.0.0.1", port) as instruments:
        clip = make_clip()
        instruments.submitted(clip, "accepted", 1.0)
        instruments.follows(clip, 1)
        instruments.ended(clip, "succeeded", Decimal(1), 1.0)
        seen |= scrape(f"http://127.0.0.1:{port}/metrics")
    names: dict[str, set[str]] = {}
    for name, labels in seen:
        names.setdefault(name, set()).update(dict(labels))
    return names


def test_every_series_and_label_is_there(shown):
    for expression in EXPRESSIONS:
        used = SERIES.findall(expression)
        assert used, expression
        known = set(FROM_THE_SCRAPER)
        for name, matchers in used:
            assert name in shown, expression
            assert set(re.findall(r"(\w+)\s*[=!]", matchers)) <= shown[name], expression
            known |= shown[name]
        for grouping in GROUPED.findall(expression):
            assert {label.strip() for label in grouping.split(",")} <= known, expression


def test_the_dashboard_is_one():
    assert DASHBOARD["uid"] == "reelmill"
    assert DASHBOARD["schemaVersion"] >= 36
    variables = {variable["name"]: variable["type"] for variable in DASHBOARD["templating"]["list"]}
    assert variables == {"datasource": "datasource", "model": "query"}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    places = set()
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert all(target["datasource"] == panel["datasource"] for target in panel["targets"])
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & places, "panels lie on each other"
        places |= cells


def test_every_alert_says_what_happened_and_what_to_do():
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names))
    for rule in RULES:
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert set(rule["annotations"]) == {"summary", "description"}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_brackets_close(expression):
    open_ = []
    for sign in re.sub(r'"[^"]*"', "", expression):
        if sign in "([{":
            open_.append(sign)
        elif sign in ")]}":
            assert open_
            assert open_.pop() + sign in ("()", "[]", "{}")
    assert not open_
