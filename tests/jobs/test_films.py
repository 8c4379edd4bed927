"""Stitching what is whole: real small videos in a folder, found again by whoever comes next."""

import errno
import hashlib
import io
import json
from dataclasses import replace

import av
import pytest

from reelmill.clip import Clip
from reelmill.errors import LookFirst, TryLater
from reelmill.film import Film, FilmScene
from reelmill.jobs.films import stitch_films, waiting_films
from reelmill.jobs.inspecting import inspect_unseen
from reelmill.ledger.inspecting import Inspected
from reelmill.ledger.records import Decision, RemovalKind, ReviewedVia, Settlement
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.media.coded import read_coded
from reelmill.platforms import NativeRatio
from reelmill.production import films
from reelmill.production.films import FilmMaker
from reelmill.production.finishing import Finishing
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from reelmill.settings import InspectDepth
from tests.support.production import RUN, clip, open_engine
from tests.support.small_platforms import write_small_platforms
from tests.support.videos import make_video

SECONDS = 0.5  # the videos are shorter than what was asked for: stitching goes by what is there


def scene(name):
    made = replace(clip(prompt=f"Scene {name}."), scene=name, platforms=("small",))
    return replace(made, clip_id=Clip.identify(made.request, made.sku, made.variant, scene=name))


SCENES = [scene("one"), scene("two")]
FILM = Film(
    film_id=Film.identify([made.clip_id for made in SCENES]),
    sku=SCENES[0].sku,
    aspect_ratio=NativeRatio.PORTRAIT,
    variant=1,
    scenes=tuple(FilmScene(made.scene, made.clip_id) for made in SCENES),
    crossfade_ms=250,
    duration_ms=7_750,
)


def deliver(engine, made, video, status="pass", **work):
    intent = authorise(engine.studio(), Work(made, **work), RUN)
    engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
    engine.ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
    name = f"{intent.output_prefix}/1/sample_0.mp4"
    engine.storage.create(name, video.read_bytes(), "video/mp4")
    found = {"status": status, "findings": [], "videos": []} if status else None
    uris = (engine.storage.uri(name),)
    engine.ledger.settle(
        intent.intent_id, Settlement(state=State.SUCCEEDED, returned=1, video_uris=uris, inspection=found)
    )
    return engine.ledger.intent(intent.intent_id)


@pytest.fixture
def engine(tmp_path, veo):
    folder = write_small_platforms(tmp_path / "catalogs")
    with open_engine(tmp_path, veo, inspect="full", catalogs_dir=folder) as opened:
        opened.ledger.plan_films(RUN, opened.storage.root, [FILM])
        yield opened


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("scenes") / "scene.mp4", width=720, height=1280, seconds=SECONDS)


async def test_a_film_waits_for_a_fit_scene_and_is_then_made_once_with_its_files(engine, video, tmp_path):
    first = deliver(engine, SCENES[0], video)
    assert (await stitch_films(engine)).waiting[0].why == "scene 'two' was not made yet."
    unfit = deliver(engine, SCENES[1], video, "fail")
    assert "found scene 'two' unfit" in (await stitch_films(engine)).waiting[0].why
    second = deliver(engine, SCENES[1], video, again=True, after=unfit.intent_id)
    told = waiting_films(engine.ledger, engine.storage.root, engine.settings)
    done, again = await stitch_films(engine), await stitch_films(engine)
    (standing,) = engine.ledger.films(run_id=RUN)

    assert told.waiting[0].why == "all its scenes are there: run reelmill settle."
    assert (done.stitched, done.run_ids, done.waiting_count) == ([FILM.film_id], {RUN}, 0)
    assert (again.stitched, again.waiting_count) == ([], 0)
    stitched = standing.stitched
    assert stitched.attempts == (first.intent_id, second.intent_id)
    path = tmp_path / "small.mp4"
    engine.storage.download(engine.storage.name(stitched.renditions["small"]), path)
    facts = read_coded(path).facts
    assert (facts.width, facts.height, round(facts.duration_s, 2), facts.audio_codec) == (90, 160, 0.75, "aac")
    assert stitched.inspection["status"] != "fail"
    record = json.loads(engine.storage.read(engine.storage.name(stitched.provenance_uri)))
    for file in (record["video"], record["preview"], *record["renditions"]):
        with av.open(io.BytesIO(engine.storage.read(engine.storage.name(file["uri"])))) as container:
            assert engine.storage.uri(container.metadata["provenance"]) == stitched.provenance_uri
    for file in (record["video"], record["poster"], record["preview"], *record["renditions"]):
        assert file["sha256"] == hashlib.sha256(engine.storage.read(engine.storage.name(file["uri"]))).hexdigest()


def test_a_film_whose_record_is_there_is_taken_as_it_is(engine, video):
    attempts = [(made, deliver(engine, made, video)) for made in SCENES]
    maker = FilmMaker(engine.storage, engine.settings.model_copy(update={"renditions": False}), Finishing())
    made = maker.make(FILM, attempts)
    names = [stored.name for stored in engine.storage.list("films/")]
    for _, intent in attempts:
        engine.storage.delete(engine.storage.name(intent.video_uris[0]))

    record = engine.storage.name(made.provenance_uri)
    older = json.loads(engine.storage.read(record))
    del older["poster"], older["preview"]  # their digests came later
    engine.storage.replace(record, json.dumps(older).encode(), "application/json")
    assert maker.make(FILM, attempts) == made  # as for a ledger that has forgotten it: the scenes are not even there
    assert [stored.name for stored in engine.storage.list("films/")] == names
    assert len(names) == 3


async def test_with_inspect_later_a_film_waits_until_its_scenes_were_looked_at(engine, video):
    engine.settings = engine.settings.model_copy(update={"inspect_later": True, "renditions": False})
    for made in SCENES:
        deliver(engine, made, video, None)
    unseen = await stitch_films(engine)
    assert unseen.waiting[0].why == "nobody has looked at scene 'one' yet; reelmill inspect does."
    for _, intent in list(engine.ledger.intents(run_id=RUN)):
        engine.ledger.record_inspection(intent.intent_id, Inspected(inspection={"status": "pass", "videos": []}))
    left = await stitch_films(engine)
    assert (left.stitched, left.waiting[0].why) == ([], "all its scenes are there: run reelmill inspect.")
    films = (await inspect_unseen(engine)).films
    assert (films.stitched, films.waiting_count) == ([FILM.film_id], 0)


@pytest.mark.parametrize(("decision", "flag"), [(Decision.REJECT, "--rejected"), (Decision.REMAKE, "--remakes")])
async def test_a_film_waits_for_what_a_reviewer_rejected_also_once_it_was_removed(engine, video, decision, flag):
    for made in SCENES:
        deliver(engine, made, video)
    intent = engine.ledger.videos_of([SCENES[1].clip_id])[SCENES[1].clip_id]
    asked = AskedReview(
        review_id="r", intent_id=intent.intent_id, decision=decision, reviewer="ann", via=ReviewedVia.FILE
    )
    engine.ledger.review([asked])
    removed = engine.ledger.begin_removals([intent], keep={RemovalKind.REJECTED: 0})
    assert removed == ({intent.intent_id} if decision is Decision.REJECT else set())
    why = f"a reviewer said {decision} to scene 'two'; reelmill redrive {flag} makes it again."
    assert (await stitch_films(engine)).waiting[0].why == why


async def test_a_film_of_drafts_waits_for_a_draft_that_was_removed(engine, video):
    engine.ledger.plan_films(RUN, engine.storage.root, [replace(FILM, draft=True)])
    left, _ = [deliver(engine, made, video, draft=True) for made in SCENES]
    assert engine.ledger.begin_removals([left], keep={RemovalKind.DRAFT: 0}) == {left.intent_id}
    work = await stitch_films(engine)
    assert (work.failed, work.waiting[0].why) == (
        0,
        "the video of scene 'one' was removed; make it again with --force.",
    )


async def test_what_cannot_be_stitched_is_told_and_stops_nothing(engine, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    for made in SCENES:
        deliver(engine, made, broken)
    work = await stitch_films(engine)
    assert (work.failed, engine.stop.closed) == (1, False)
    assert work.waiting[0].why.startswith("The film of SKU-1 9:16 cannot be stitched: ")
    assert engine.storage.list("films/") == []


@pytest.mark.parametrize(
    ("error", "raised"), [(OSError(errno.ENOSPC, "No space left on device"), TryLater), (OSError("odd"), LookFirst)]
)
def test_a_full_disk_is_no_fault_of_the_scenes(engine, video, monkeypatch, error, raised):
    def failing(*_arguments, **_options):
        raise error

    monkeypatch.setattr(films, "stitch", failing)
    attempts = [(made, deliver(engine, made, video)) for made in SCENES]
    with pytest.raises(raised):
        FilmMaker(engine.storage, engine.settings, Finishing()).make(FILM, attempts)
    assert engine.storage.list("films/") == []


def test_without_looking_a_film_has_no_poster(engine, video):
    attempts = [(made, deliver(engine, made, video)) for made in SCENES]
    blind = engine.settings.model_copy(update={"inspect": InspectDepth.OFF})
    made = FilmMaker(engine.storage, blind, Finishing()).make(FILM, attempts)
    assert (made.poster_uri, made.inspection, made.renditions) == (None, None, {})
    assert json.loads(engine.storage.read(engine.storage.name(made.provenance_uri)))["poster"] is None
