"""The record beside a film: read back as it was written, and believed only of its own film and folder."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reelmill.errors import LookFirst
from reelmill.film import Film, FilmScene
from reelmill.ledger.films import Stitched
from reelmill.platforms import NativeRatio
from reelmill.production.film_provenance import FilmProvenance, FilmSceneRecord
from reelmill.production.films import film_prefix
from reelmill.production.provenance import NAME, ProducedVideo
from reelmill.production.provenance_reading import MAX_BYTES
from reelmill.storage.local import LocalStorage

ATTEMPTS = ["a" * 32, "b" * 32]
FILM = Film(
    film_id="f" * 32,
    sku="T-1",
    aspect_ratio=NativeRatio.PORTRAIT,
    variant=1,
    scenes=(FilmScene("one", "1" * 32), FilmScene("two", "2" * 32)),
    crossfade_ms=250,
    duration_ms=7_750,
)
EDITION = FILM.edition(ATTEMPTS)
FOLDER = film_prefix(FILM, EDITION)
PLACE = f"{FOLDER}/{NAME}"


@pytest.fixture(scope="module")
def storage(tmp_path_factory) -> LocalStorage:
    return LocalStorage(tmp_path_factory.mktemp("out"))


@pytest.fixture(scope="module")
def record(storage) -> FilmProvenance:
    def uri(name: str) -> str:
        return storage.uri(f"{FOLDER}/{name}")

    stitched = Stitched(
        edition=EDITION,
        attempts=tuple(ATTEMPTS),
        video_uri=uri("film.mp4"),
        provenance_uri=storage.uri(PLACE),
        poster_uri=uri("poster.jpg"),
        inspection={"status": "pass", "findings": [], "preview_uri": uri("preview.mp4")},
        renditions={"tiktok": uri("tiktok.mp4")},
    )
    scenes = tuple(
        FilmSceneRecord(
            scene=scene.name,
            clip_id=scene.clip_id,
            intent_id=attempt,
            video=ProducedVideo(uri=f"gs://shop/{attempt}.mp4", sha256="0" * 64),
            provenance_uri=None,
        )
        for scene, attempt in zip(FILM.scenes, ATTEMPTS, strict=True)
    )
    digests = {uri(name): "0" * 64 for name in ("film.mp4", "poster.jpg", "preview.mp4", "tiktok.mp4")}
    return FilmProvenance.of(FILM, stitched, 7.75, scenes, digests)


def read(data: bytes, storage: LocalStorage) -> FilmProvenance:
    return FilmProvenance.read(data, PLACE, edition=EDITION, attempts=ATTEMPTS, storage=storage)


def changed(record: FilmProvenance, **values: object) -> bytes:
    return json.dumps(json.loads(record.model_dump_json()) | values).encode()


def test_what_is_written_is_read_back_whole(record, storage):
    found = read(record.model_dump_json(indent=2).encode(), storage)
    assert found == record
    stitched = found.stitched(storage.uri(PLACE))
    assert (stitched.edition, stitched.attempts) == (EDITION, tuple(ATTEMPTS))
    assert stitched.renditions == {"tiktok": storage.uri(f"{FOLDER}/tiktok.mp4")}
    assert stitched.inspection == record.inspection


WRONG = {
    "another edition": {"edition": "e" * 32},
    "another version": {"version": 2},
    "more than we write": {"surprise": 1},
    "no scenes": {"scenes": []},
    "its video elsewhere": {"video": {"uri": "gs://theirs/film.mp4", "sha256": None}},
    "its poster elsewhere": {"poster_uri": "https://theirs.example/p.jpg"},
    "a rendition elsewhere": {"renditions": [{"platform": "tiktok", "uri": "/etc/passwd", "sha256": None}]},
    "a preview elsewhere": {"inspection": {"status": "pass", "preview_uri": "gs://theirs/p.mp4"}},
    "a preview that is no text": {"inspection": {"status": "pass", "preview_uri": 7}},
    "a number that no ledger keeps": {"inspection": {"status": "pass", "loudness": 2**70}},
    "findings that are none": {"inspection": {"status": "pass", "findings": ["x"]}},
}


@pytest.mark.parametrize("values", WRONG.values(), ids=WRONG)
def test_what_is_not_this_films_record_is_refused(record, storage, values):
    with pytest.raises(LookFirst) as refused:
        read(changed(record, **values), storage)
    assert refused.value.problem == f"{PLACE} is no record of this film."


def test_files_beside_the_folder_are_refused(record, storage):
    for outside in (f"{FOLDER}-more/film.mp4", "clips/T-1/film.mp4", f"{FOLDER}/../film.mp4"):
        video = {"uri": f"{storage.root}/{outside}", "sha256": None}
        with pytest.raises(LookFirst):
            read(changed(record, video=video), storage)


def test_scenes_of_other_attempts_or_in_another_order_are_refused(record, storage):
    with pytest.raises(LookFirst):
        read(changed(record, scenes=json.loads(record.model_dump_json())["scenes"][::-1]), storage)


def test_a_huge_record_is_refused(record, storage):
    room = MAX_BYTES - len(changed(record, generator=""))
    assert read(changed(record, generator="x" * room), storage).generator == "x" * room
    with pytest.raises(LookFirst):
        read(changed(record, generator="x" * (room + 1)), storage)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(sorted(FilmProvenance.model_fields)), values, min_size=1, max_size=2))
def test_whatever_stands_in_a_record_it_is_refused_or_of_this_film(record, storage, bent):
    try:
        found = read(changed(record, **bent), storage)
    except LookFirst:
        return
    assert (found.edition, [scene.intent_id for scene in found.scenes]) == (EDITION, ATTEMPTS)
    assert found.video.uri.startswith(storage.uri(FOLDER))


@given(st.binary(max_size=200))
def test_whatever_bytes_lie_there_they_are_refused(storage, junk):
    with pytest.raises(LookFirst):
        read(junk, storage)
