from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from reelmill.errors import FixConfiguration
from reelmill.simulator.journal import Journal
from tests.support.services import simulator
from tests.support.vertex_http import VertexHttp

PROMISED = {"operation", "model", "storage_uri", "labels", "seconds", "samples", "returned", "outcome", "amount_usd"}


def record(name, **changes):
    return {"operation": name, "outcome": "running", "amount_usd": "0"} | changes


def test_each_accepted_submit_has_one_record_with_what_was_promised(veo, http):
    name = http.accepted(durationSeconds=6, labels={"sku": "A 1", "run": "r"}, generateAudio=False)
    http.result(name)
    (found,) = [each for each in veo.journal() if each["operation"] == name]
    assert found.keys() >= PROMISED
    assert found["labels"] == {"sku": "A 1", "run": "r"}
    assert (found["seconds"], found["samples"], found["returned"]) == (6, 1, 1)
    assert found["amount_usd"] == "0.48"
    assert found["storage_uri"] is None
    assert found["accepted_at"] < found["finished_at"]


def test_the_journal_comes_as_lines_too(veo, http):
    http.accepted()
    lines = http.request("GET", "/simulator/journal?format=ndjson").text.splitlines()
    assert len(lines) >= 1
    assert all("operation" in json.loads(line) for line in lines)


def test_the_bill_adds_up_and_counts_agree(storage):
    with simulator(storage.url, prompt_faults=True, quota_per_minute=4, video_scale=0.1) as service:
        http = VertexHttp(service.url)
        names = [
            http.accepted(sampleCount=2, durationSeconds=4),  # 2 x 4 s x 0.10
            http.accepted(resolution="1080p", model="veo-3.1-generate-001", generateAudio=False),  # 8 s x 0.20
            http.accepted("x [[fault:error_13]]"),
            http.accepted("x [[fault:partial]]", sampleCount=4),  # 3 x 8 s x 0.10
            http.accepted("x [[fault:output_filter]]"),
        ]
        for name in names:
            http.result(name)
        assert http.submit().status_code == 429
        assert http.submit(model="nonsense").status_code == 404
        assert http.request("POST", http.path("predictLongRunning"), headers={}).status_code == 401
        stats = service.stats()
        assert (stats["posts"], stats["accepted"], stats["running"]) == (8, 5, 0)
        assert stats["refused"] == {"429": 1, "404": 1, "401": 1}
        assert stats["faults"] == {"error_13": 1, "partial": 1, "output_filter": 1}
        assert stats["polls"] >= 5
        journal = service.journal()
        assert [each["operation"] for each in journal] == names
        assert [each["amount_usd"] for each in journal] == ["0.80", "1.60", "0", "2.40", "0"]
        assert sum(Decimal(each["amount_usd"]) for each in journal) == Decimal(stats["billed_usd"]) == Decimal("4.80")


def test_the_file_is_written_before_the_answer_and_survives_a_crash(storage, tmp_path):
    path = tmp_path / "deep" / "journal.jsonl"
    with simulator(storage.url, journal=path, video_scale=0.1) as service:
        http = VertexHttp(service.url)
        done = http.accepted()
        http.result(done)
        running = http.accepted(durationSeconds=4)
        service.kill()
    events = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(event["event"], event["operation"]) for event in events[:3]] == [
        ("accepted", done),
        ("finished", done),
        ("accepted", running),
    ]
    with simulator(storage.url, journal=path) as service:
        before, after = service.journal()
        assert (before["outcome"], before["amount_usd"]) == ("succeeded", "0.80")
        assert after["operation"] == running
        assert after["outcome"] in {"interrupted", "succeeded"}, "succeeded only if it ended before the crash"


def test_a_torn_last_line_is_dropped_and_writing_goes_on(tmp_path):
    path = tmp_path / "journal.jsonl"
    first = Journal(path)
    first.accept(record("a"))
    first.finish("a", {"outcome": "succeeded", "amount_usd": "0.80"})
    first.accept(record("b"))
    first.close()
    path.write_bytes(path.read_bytes() + b'{"event":"acc')
    second = Journal(path)
    assert [(each["operation"], each["outcome"]) for each in second.records()] == [
        ("a", "succeeded"),
        ("b", "interrupted"),
    ]
    second.accept(record("c"))
    assert second.billed_usd() == Decimal("0.80")
    second.close()
    assert [json.loads(line)["operation"] for line in path.read_text().splitlines()] == ["a", "a", "b", "c"]


def test_a_journal_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FixConfiguration, match="--journal"):
        Journal(tmp_path / "file" / "journal.jsonl")


@pytest.mark.parametrize("content", [b'{"a": 1}', b"one\ntwo", b"[1]\n", b'{"event":"finished","operation":"x"}\n'])
def test_a_file_that_is_no_journal_is_left_as_it_is(tmp_path, content):
    path = tmp_path / "notes.json"
    path.write_bytes(content)
    with pytest.raises(FixConfiguration, match="is no journal of the simulator"):
        Journal(path)
    assert path.read_bytes() == content


def test_a_submit_that_nobody_waited_for_is_in_the_journal(storage, tmp_path):
    import httpx

    path = tmp_path / "journal.jsonl"
    with simulator(
        storage.url, journal=path, faults={"drop_after_accept": 1.0}, latency="0", video_scale=0.1
    ) as service:
        with pytest.raises(httpx.RemoteProtocolError):
            VertexHttp(service.url).submit()
        assert json.loads(path.read_text().splitlines()[0])["fault"] == "drop_after_accept"
        deadline = time.monotonic() + 60
        while service.journal()[0]["outcome"] == "running" and time.monotonic() < deadline:
            time.sleep(0.02)
        assert service.journal()[0]["amount_usd"] == "0.80"
