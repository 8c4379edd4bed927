import copy
import json
from dataclasses import replace

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import LookFirst
from reelmill.ledger.states import State
from reelmill.production.provenance import NAME, Provenance
from reelmill.production.provenance_reading import MAX_BYTES, read_provenance
from reelmill.storage.local import LocalStorage
from tests.support.production import clip
from tests.support.records import paid_intent, record_of


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> LocalStorage:
    return LocalStorage(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def record(storage) -> Provenance:
    asked = replace(clip("A/1", samples=2), title="Größe ½\0", content_hashes=("ab",))
    return record_of(asked, paid_intent(asked, storage), storage)


def place(record: Provenance) -> str:
    return f"{record.intent.output_prefix}/{NAME}"


def test_what_is_written_is_read_back_whole(record, storage):
    assert read_provenance(record.model_dump_json(indent=2).encode(), place(record), storage) == record
    assert record.intent.state is State.SUCCEEDED
    assert record.settlement.returned == 2


def test_it_names_no_worker(record):
    assert "a worker" not in record.model_dump_json()
    assert record.intent.reserved_usd == 0


def changed(record: Provenance, path: str, value: object) -> bytes:
    data = orjson.loads(record.model_dump_json())
    *way, last = path.split(".")
    inner = data
    for step in way:
        inner = inner[int(step) if step.isdigit() else step]
    if value is ...:
        del inner[last]
    else:
        inner[int(last) if last.isdigit() else last] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        ("version", 2, "version 1"),
        ("version", ..., "version 1"),
        ("surprise", 1, "surprise"),
        ("intent.operation", 7, "operation"),
        ("amount_usd", "0.41", "are 0.40"),
        ("intent.charged_usd", "0.1", "are 0.40"),
        ("intent.reserved_usd", "0.1", "are 0.40"),
        ("intent.unit_price_usd", "0.0500001", "no price"),
        ("intent.unit_price_usd", "0", "no price"),
        ("intent.unit_price_usd", "NaN", "unit_price_usd"),
        ("clip.unit_price_usd", "1E+50", "no price"),
        ("returned", 0, "returned 0"),
        ("returned", 1, "succeeded with 1 of 2"),
        ("returned", 10**30, "returned"),
        ("intent.state", "lost", "lost with 2"),
        ("intent.state", "sold", "state"),
        ("intent.attempt", 2, "belongs at"),
        ("intent.attempt", 10**9, "attempt"),
        ("intent.output", "gs://other/reels", "of the output gs://other/reels"),
        ("intent.output_prefix", "clips/x", "belongs at"),
        ("intent.intent_id", "f" * 32, "belongs at"),
        ("intent.intent_id", "../../x", "which clip"),
        ("clip.clip_id", "0" * 32, "which clip"),
        ("clip.sku", "other", "belongs at"),
        ("intent.video_uris.0", "/etc/passwd", "outside the output"),
        ("intent.video_uris.0", "../x.mp4", "outside the output"),
        ("videos.0.uri", "gs://theirs/sample_0.mp4", "outside the output"),
        ("videos", [], "differently"),
        ("intent.poster_uri", "https://theirs.example/p.jpg", "outside the output"),
        ("intent.renditions", {"tiktok": "/etc/passwd"}, "outside the output"),
        ("intent.samples", 65, "samples 65"),
        ("intent.seconds", 5, "another paid"),
        ("intent.model", "another", "another paid"),
        ("intent.run_id", "r\0", "no run"),
        ("intent.run_id", "", "no run"),
        ("intent.softening", 1, "words that were sent"),
        ("intent.created_at", "0001-01-01T00:00:00Z", "time"),
        ("intent.created_at", "2026-07-15T12:00:00", "time"),
        ("intent.finished_at", None, "time of its end"),
        ("clip.request.seed", 2**70, "cannot keep"),
        ("clip.request.aspect_ratio", "1:1", "aspect_ratio"),
        ("clip.request", ..., "request"),
        ("run_started_at", "2026-07-15T12:00:00", "run_started_at"),
    ],
)
def test_a_record_that_is_wrong_is_refused_with_the_reason(record, storage, path, value, why):
    with pytest.raises(LookFirst, match=why) as refused:
        read_provenance(changed(record, path, value), place(record), storage)
    assert refused.value.remedy


def test_a_record_of_another_place_or_a_huge_one_is_refused(record, storage):
    data = record.model_dump_json().encode()
    with pytest.raises(LookFirst, match="belongs at"):
        read_provenance(data, f"clips/a/9x16/elsewhere/{NAME}", storage)
    with pytest.raises(LookFirst, match="is larger than"):
        read_provenance(data + b" " * MAX_BYTES, place(record), storage)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("1E+9999"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_stands_in_a_record_it_is_read_or_refused(record, storage, data):
    whole = orjson.loads(record.model_dump_json())
    paths = [(section, name) for section in ("clip", "intent") for name in whole[section]]
    paths += [("clip", "request", name) for name in whole["clip"]["request"]] + [(name,) for name in whole]
    bent = copy.deepcopy(whole)
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=2)):
        inner = bent
        for step in path[:-1]:
            inner = inner[step] if isinstance(inner, dict) and isinstance(inner.get(step), dict) else {}
        inner[path[-1]] = data.draw(values)
    accept_or_refuse(json.dumps(bent).encode(), record, storage)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.integers(0, 1500))
def test_whatever_bytes_lie_there_they_are_refused(record, storage, junk):
    data = record.model_dump_json().encode()[:junk] if isinstance(junk, int) else junk
    with pytest.raises(LookFirst):
        read_provenance(data, place(record), storage)


def test_a_deeply_nested_record_is_refused(record, storage):
    nested = record.model_dump_json().replace('"findings":[]', '"findings":' + "[" * 5000 + "]" * 5000)
    with pytest.raises(LookFirst):
        read_provenance(nested.encode(), place(record), storage)


def accept_or_refuse(data: bytes, record: Provenance, storage: LocalStorage) -> None:
    try:
        read = read_provenance(data, place(record), storage)
    except LookFirst:
        return
    else:  # what is believed is worth what it says, and lies where it was found
        intent = read.intent
        assert read.amount_usd == intent.unit_price_usd * intent.seconds * read.returned == intent.charged_usd
        assert place(read) == place(record)
        assert all(uri.startswith(storage.root) for uri in intent.video_uris)
