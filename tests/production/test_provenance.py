import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import reelmill
from reelmill.errors import LookFirst
from reelmill.ledger.records import Settlement
from reelmill.ledger.states import State
from reelmill.production.provenance import NAME, ProducedRendition, Provenance
from reelmill.production.provenance_reading import MAX_BYTES, read_provenance
from reelmill.storage.local import LocalStorage
from reelmill.storage.names import safe_name
from tests.support.production import clip
from tests.support.records import NOON, paid_intent, record_of


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


def test_a_record_from_before_posters_and_previews_had_digests_is_read(record, storage):
    older = json.loads(changed(record, "poster", ...))
    del older["preview"]
    assert read_provenance(json.dumps(older).encode(), place(record), storage).settlement == record.settlement


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


NOT_OURS = [
    ("version", 2),
    ("version", ...),
    ("surprise", 1),
    ("videos.0.surprise", 1),
    ("intent.operation", 7),
    ("intent.unit_price_usd", "NaN"),
    ("intent.state", "sold"),
    ("clip.request.aspect_ratio", "1:1"),
    ("clip.request", ...),
    ("run_started_at", "2026-07-15T12:00:00"),
]


@pytest.mark.parametrize(("path", "value"), NOT_OURS)
def test_what_has_not_the_form_of_a_record_is_refused_with_the_place(record, storage, path, value):
    with pytest.raises(LookFirst) as refused:
        read_provenance(changed(record, path, value), place(record), storage)
    assert refused.value.problem.startswith(f"{place(record)} is no provenance record of version 1 ({path}: ")
    assert "put the record back" in refused.value.remedy


UNSENT = "contradicts itself about the words that were sent"
NO_PRICE = "has no price that the ledger can keep"
OUTSIDE = "names an object outside the output"
CONTRADICTIONS = [
    ("amount_usd", "0.41", "says 0.41 USD, but 2 x 4 s x 0.05 are 0.40"),
    ("intent.charged_usd", "0.1", "says 0.40 USD, but 2 x 4 s x 0.05 are 0.40"),
    ("intent.reserved_usd", "0.1", "says 0.40 USD, but 2 x 4 s x 0.05 are 0.40"),
    ("intent.unit_price_usd", "0.0500001", NO_PRICE),
    ("intent.unit_price_usd", "0", NO_PRICE),
    ("intent.unit_price_usd", "100", NO_PRICE),
    ("clip.unit_price_usd", "1E+50", NO_PRICE),
    ("clip.unit_price_usd", "0", NO_PRICE),
    ("returned", 0, "says returned 0"),
    ("returned", 1, "says succeeded with 1 of 2 videos"),
    ("returned", 10**30, f"says returned {10**30}"),
    ("returned", 65, "says returned 65"),
    ("intent.state", "lost", "says lost with 2 of 2 videos"),
    ("intent.state", "partial", "says partial with 2 of 2 videos"),
    ("intent.attempt", 1001, "says attempt 1001"),
    ("intent.attempt", 0, "says attempt 0"),
    ("intent.samples", 65, "says samples 65"),
    ("intent.seconds", 3601, "says seconds 3601"),
    ("intent.output", "gs://other/reels", "is of the output gs://other/reels"),
    ("intent.intent_id", "../../x", "does not say which clip and intent it is of"),
    ("clip.clip_id", "0" * 32, "does not say which clip and intent it is of"),
    ("clip.clip_id", "x", "does not say which clip and intent it is of"),
    ("intent.video_uris.0", "/etc/passwd", OUTSIDE),
    ("intent.video_uris.0", "../x.mp4", OUTSIDE),
    ("videos.0.uri", "gs://theirs/sample_0.mp4", OUTSIDE),
    ("intent.poster_uri", "https://theirs.example/p.jpg", OUTSIDE),
    ("poster", {"uri": "gs://theirs/p.jpg", "sha256": None}, OUTSIDE),
    ("preview", {"uri": "gs://theirs/p.mp4", "sha256": None}, OUTSIDE),
    ("intent.provenance_uri", "https://theirs.example/p.json", OUTSIDE),
    ("intent.sent_video", "gs://theirs/sample_0.mp4", OUTSIDE),
    (
        "renditions",
        [{"platform": "tiktok", "uri": "here", "sha256": None}],
        "names one set of renditions twice, differently",
    ),
    ("clip.request.continues", "x", "does not say which clip it continues"),
    ("intent.remake", 1001, "has a number out of bounds"),
    ("intent.remake", -1, "has a number out of bounds"),
    ("intent.reserved_usd", "0.000001", "says 0.40 USD, but 2 x 4 s x 0.05 are 0.40"),
    ("intent.renditions", {"tiktok": "/etc/passwd"}, OUTSIDE),
    ("videos", [], "names one set of videos twice, differently"),
    ("intent.seconds", 5, "says one request for the clip, another paid"),
    ("intent.samples", 1, "says one request for the clip, another paid"),
    ("intent.model", "another", "says one request for the clip, another paid"),
    ("intent.run_id", "r\0", "says no run that can be kept"),
    ("intent.run_id", "", "says no run that can be kept"),
    ("intent.run_id", "r" * 1001, "says no run that can be kept"),
    ("intent.model", "\x7f", "says no model that can be kept"),
    ("intent.price_date", "\n", "says no price date that can be kept"),
    ("intent.operation", "\x1f", "says no operation that can be kept"),
    ("clip.scene", "a\0b", "says no scene that can be kept"),
    ("clip.sku", "", "says no SKU that can be kept"),
    ("intent.owner", "somebody", "names a worker"),
    ("intent.inspection", {"status": "pass", "preview_uri": "gs://theirs/p.mp4"}, OUTSIDE),
    ("clip.input_hash", "\0", "says no input hash that can be kept"),
    ("clip.price_date", "", "says no price date of the clip that can be kept"),
    ("intent.softening", 1, UNSENT),
    ("intent.softening", -1, UNSENT),
    ("intent.sent_prompt", "Other words.", UNSENT),
    ("intent.created_at", "0001-01-01T00:00:00Z", "says the time 0001-01-01 00:00:00+00:00"),
    ("intent.created_at", "2026-07-15T12:00:00", "says the time 2026-07-15 12:00:00"),
    ("recorded_at", "2019-12-31T23:59:59Z", "says the time 2019-12-31 23:59:59+00:00"),
    ("run_started_at", "2200-01-01T00:00:00Z", "says the time 2200-01-01 00:00:00+00:00"),
    ("intent.unclear_since", "2200-01-01T00:00:00Z", "says the time 2200-01-01 00:00:00+00:00"),
    ("intent.finished_at", None, "says no time of its end"),
    ("intent.refusals", 2**31, "has a number out of bounds"),
    ("intent.refusals", -1, "has a number out of bounds"),
    ("clip.variant", 1001, "has a number out of bounds"),
    ("clip.variant", -1, "has a number out of bounds"),
    ("clip.request.seed", 2**70, "holds a value that the ledger cannot keep"),
]


@pytest.mark.parametrize(("path", "value", "why"), CONTRADICTIONS)
def test_a_record_that_is_wrong_is_refused_with_the_reason(record, storage, path, value, why):
    with pytest.raises(LookFirst) as refused:
        read_provenance(changed(record, path, value), place(record), storage)
    assert refused.value.problem == f"{place(record)} {why}."
    assert refused.value.remedy.startswith(
        "Look at the videos beside it; put the record back from a copy of the bucket"
    )


def test_a_poster_that_is_named_twice_differently_is_refused(record, storage):
    other = {"uri": storage.uri("other.jpg"), "sha256": None}
    with pytest.raises(LookFirst, match="names one poster twice, differently"):
        read_provenance(changed(record, "poster", other), place(record), storage)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("intent.attempt", 2),
        ("intent.intent_id", "f" * 32),
        ("intent.output_prefix", "clips/x"),
        ("clip.sku", "other"),
    ],
)
def test_a_record_that_lies_where_it_does_not_belong_is_refused(record, storage, path, value):
    said = json.loads(changed(record, path, value))
    clip_id, sku = said["clip"]["clip_id"], said["clip"]["sku"]
    here = f"clips/{safe_name(sku)}/9x16/{clip_id[:12]}-{said['intent']['attempt']}-{said['intent']['intent_id']}"
    with pytest.raises(LookFirst) as refused:
        read_provenance(changed(record, path, value), place(record), storage)
    assert refused.value.problem == f"{place(record)} belongs at {here}."


@pytest.mark.parametrize(
    "changes",
    [
        {"attempt": 1000},
        {"refusals": 2**31 - 1, "operation": None, "unit_price_usd": Decimal("99.999999")},
        {"softening": 1000, "sent_prompt": "Other words.", "run_id": "r" * 1000},
        {"created_at": datetime(2020, 1, 1, tzinfo=UTC), "lease_until": datetime(2199, 12, 31, tzinfo=UTC)},
    ],
    ids=["attempts", "money", "words", "times"],
)
def test_what_stands_at_the_bounds_is_read(storage, changes):
    for asked in (
        replace(clip(samples=64, duration_s=3600), variant=1000, input_hash=""),
        replace(clip(seed=2**64 - 1), variant=0),
    ):
        edge = record_of(asked, paid_intent(asked, storage, **changes), storage)
        assert read_provenance(edge.model_dump_json().encode(), place(edge), storage) == edge


def test_of_several_things_that_are_wrong_the_first_is_told(record, storage):
    both = json.loads(changed(record, "intent.operation", 7)) | {"surprise": 1}
    with pytest.raises(LookFirst, match=r"\(intent\.operation: ") as refused:
        read_provenance(json.dumps(both).encode(), place(record), storage)
    assert "surprise" not in refused.value.problem


def test_a_refusal_is_short_however_long_the_record_is(record, storage):
    data = changed(record, "intent.output", "x" * 2000)
    with pytest.raises(LookFirst) as refused:
        read_provenance(data, "n" * 2000, storage)
    assert refused.value.problem == f"{'n' * 300} {('is of the output ' + 'x' * 2000)[:500]}."


def test_the_largest_record_is_read(record, storage):
    data = record.model_dump_json().encode()
    assert read_provenance(data + b" " * (MAX_BYTES - len(data)), place(record), storage) == record


def test_a_record_says_how_its_clip_was_settled(storage):
    asked = clip("B", samples=2)
    intent = paid_intent(asked, storage)
    uris = tuple(storage.uri(f"{intent.output_prefix}/sample_{index}.mp4") for index in range(2))
    ended = Settlement(
        state=State.SUCCEEDED,
        returned=2,
        video_uris=uris,
        poster_uri=storage.uri(f"{intent.output_prefix}/poster.jpg"),
        provenance_uri=storage.uri(f"{intent.output_prefix}/{NAME}"),
        inspection={"status": "review", "findings": [], "preview_uri": uris[1]},
        renditions={"tiktok": uris[0]},
        error_code="c",
        error_message="m",
        filter_causes=("output:violence",),
    )
    digests = {str(ended.poster_uri): "b" * 64}
    record = Provenance.of(asked, intent, ended, ("a" * 64, None, "too many"), NOON, file_sha256=digests)

    assert record.settlement == ended
    assert [(video.uri, video.sha256) for video in record.videos] == [(uris[0], "a" * 64), (uris[1], None)]
    assert (record.poster.uri, record.poster.sha256) == (ended.poster_uri, "b" * 64)
    assert (record.preview.uri, record.preview.sha256) == (uris[1], None)
    other = changed(record, "poster.uri", uris[0])
    with pytest.raises(LookFirst, match="names one poster twice"):
        read_provenance(other, place(record), storage)
    assert (record.version, record.ai_generated, record.run_started_at) == (1, True, NOON)
    assert record.generator == f"reelmill {reelmill.__version__}"
    assert record.amount_usd == record.intent.charged_usd == Decimal("0.40")
    assert record.recorded_at == record.intent.finished_at == record.intent.lease_until
    assert record.recorded_at.utcoffset() == timedelta(0)
    assert (record.intent.owner, record.intent.reserved_usd) == ("", 0)
    assert Provenance.of(asked, intent, ended, (), NOON).videos[1].sha256 is None


def test_a_record_cannot_be_changed(record):
    with pytest.raises(ValidationError, match="frozen"):
        record.returned = 3
    with pytest.raises(ValidationError, match="frozen"):
        record.videos[0].uri = "another"
    with pytest.raises(ValidationError, match="frozen"):
        ProducedRendition(platform="tiktok", uri="gs://b/t.mp4", sha256=None).uri = "another"


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
