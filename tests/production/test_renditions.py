"""From a paid video to the files that platforms take, beside it in storage."""

import hashlib
import io
import json
from dataclasses import replace

import av
import pytest

from reelmill.ledger.states import State
from reelmill.media.ai_mark import SOURCE_TYPE
from reelmill.media.coded import read_coded
from reelmill.production.collecting import inspect_videos
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from tests.support.pictures import png
from tests.support.production import RUN, clip, open_engine, producer
from tests.support.small_platforms import write_small_platforms
from tests.support.videos import black, make_video


def asked(*platforms):
    return replace(clip(), platforms=platforms)


@pytest.fixture
def catalogs(tmp_path):
    return write_small_platforms(tmp_path / "catalogs")


def submitted(engine, work):
    studio = engine.studio()
    intent = authorise(studio, work, RUN)
    engine.ledger.mark_sending(intent.intent_id, owner=engine.owner, lease_s=30)
    engine.ledger.accepted(intent.intent_id, "projects/p/locations/l/publishers/google/models/m/operations/o")
    return studio, engine.ledger.intent(intent.intent_id)


def landed_video(engine, tmp_path, **video):
    """A paid video in storage that has not been looked at."""
    studio, intent = submitted(engine, Work(asked("small", "square")))
    make_video(tmp_path / "v.mp4", width=720, height=1280, seconds=4, **video)
    name = f"{intent.output_prefix}/1/sample_0.mp4"
    engine.storage.create(name, (tmp_path / "v.mp4").read_bytes(), "video/mp4")
    return studio, intent, (engine.storage.uri(name),)


async def test_a_clip_settles_with_a_file_for_each_platform(tmp_path, veo, gcs, catalogs):
    with open_engine(tmp_path, veo, gcs, inspect="full", catalogs_dir=catalogs) as engine:
        result = await producer(engine).produce(Work(asked("small", "square")))
        ((_, intent),) = engine.ledger.intents()
        files = {name: engine.storage.read(engine.storage.name(uri)) for name, uri in intent.renditions.items()}
        record = json.loads(gcs.read(intent.provenance_uri))
        preview = engine.storage.read(engine.storage.name(intent.inspection["preview_uri"]))
        poster = engine.storage.read(engine.storage.name(intent.poster_uri))

    assert (result.state, result.inspection) == (State.SUCCEEDED, "pass")
    sizes = {}
    for name, data in {**files, "preview": preview}.items():
        (tmp_path / f"{name}.mp4").write_bytes(data)
        facts = read_coded(tmp_path / f"{name}.mp4").facts
        sizes[name] = (facts.width, facts.height, round(facts.duration_s), facts.audio_codec)
    assert sizes == {"small": (90, 160, 4, "aac"), "square": (96, 96, 4, "aac"), "preview": (360, 640, 3, None)}
    assert intent.renditions["small"] == f"{engine.storage.uri(intent.output_prefix)}/renditions/small.mp4"
    assert [(made["platform"], len(made["sha256"])) for made in record["renditions"]] == [("small", 64), ("square", 64)]
    assert [record[name]["sha256"] for name in ("poster", "preview")] == [
        hashlib.sha256(data).hexdigest() for data in (poster, preview)
    ]
    for data in (*files.values(), preview):
        with av.open(io.BytesIO(data)) as container:
            assert container.metadata["digital_source_type"] == SOURCE_TYPE
            found = engine.storage.uri(container.metadata["provenance"])
            assert found == intent.provenance_uri, "a copied file leads to its record"


def test_an_interrupted_try_is_repeated_and_what_it_wrote_stays(tmp_path, veo, gcs, catalogs):
    with open_engine(tmp_path, veo, gcs, inspect="full", catalogs_dir=catalogs) as engine:
        studio, intent, uris = landed_video(engine, tmp_path)
        first = f"{intent.output_prefix}/renditions/small.mp4"
        engine.storage.create(first, b"written before the crash", "video/mp4")
        landed = inspect_videos(studio, asked("small", "square"), intent, uris)
        again = inspect_videos(studio, asked("small", "square"), intent, uris)
        alone = [
            inspect_videos(studio, asked("small", "gone"), replace(intent, draft=True), uris),
            inspect_videos(studio, replace(asked("small", "gone"), scene="one"), intent, uris),
        ]

        assert engine.storage.read(first) == b"written before the crash"
    assert set(landed.made.uris) == {"small", "square"} == set(landed.made.sha256)
    assert (again.made.uris, again.made.sha256) == (landed.made.uris, landed.made.sha256)
    assert again.made.details[1]["bytes"] == landed.made.details[1]["bytes"] > 1000
    for one in (landed, again):
        said = [(finding["code"], finding["platform"]) for finding in one.inspection["findings"]]
        assert said == [("rendition_failed", "small")], "what lies there is no video"
    for one in alone:
        assert (one.made.uris, one.inspection["status"]) == ({}, "pass"), "of a draft, and of a scene, only a preview"
        assert one.made.preview_uri is not None


def test_what_an_interrupted_try_wrote_is_told_as_it_is(tmp_path, veo, gcs, catalogs):
    """Manifests and the gallery take a file's size from the record of it."""
    with open_engine(tmp_path, veo, gcs, inspect="full", catalogs_dir=catalogs) as engine:
        studio, intent, uris = landed_video(engine, tmp_path, sound=0.2)
        landed = inspect_videos(studio, asked("small", "square"), intent, uris)
        again = inspect_videos(studio, asked("small", "square"), intent, uris)

    known = [{name: one[name] for name in again.made.details[0]} for one in landed.made.details]
    assert list(again.made.details) == known
    assert {"width": 90, "height": 160}.items() <= known[0].items()


def test_what_cannot_be_made_is_a_finding_and_the_rest_is_made(tmp_path, veo, gcs, catalogs):
    with (catalogs / "brand.toml").open("a") as brand:
        brand.write('[finish]\nlogo = "logo.png"\nfindings = { rendition_failed = "pass" }\n')
    (catalogs / "logo.png").write_bytes(png(8, 8))
    with open_engine(tmp_path, veo, gcs, inspect="full", catalogs_dir=catalogs) as engine:
        studio, intent, uris = landed_video(engine, tmp_path)
        (catalogs / "logo.png").write_bytes(b"no picture any more")
        landed = inspect_videos(studio, asked("small", "gone"), intent, uris)

    assert landed.made.uris == {}
    assert landed.made.preview_uri is not None
    assert [finding["code"] for finding in landed.inspection["findings"]] == ["rendition_failed"] * 2
    assert "gone" in landed.inspection["findings"][1]["message"]
    assert landed.inspection["status"] == "pass"


def test_nothing_is_made_of_an_unfit_video_or_when_it_is_not_wanted(tmp_path, veo, gcs, catalogs):
    with open_engine(tmp_path, veo, gcs, inspect="full", catalogs_dir=catalogs) as engine:
        studio, intent, uris = landed_video(engine, tmp_path, picture=black)
        unfit = inspect_videos(studio, asked("small"), intent, uris)
        assert engine.storage.list(f"{intent.output_prefix}/renditions") == []
    assert (unfit.inspection["status"], unfit.made.uris, unfit.made.preview_uri) == ("fail", {}, None)

    with open_engine(
        tmp_path, veo, gcs, output=engine.output, inspect="full", catalogs_dir=catalogs, renditions=False
    ) as engine:
        assert inspect_videos(engine.studio(), asked("small"), intent, uris).made.uris == {}
