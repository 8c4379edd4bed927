"""What came back: written where it belongs, looked at video by video, and recorded beside the videos."""

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest

from reelmill.errors import TryLater
from reelmill.ledger.records import Settlement
from reelmill.ledger.states import State
from reelmill.media.expectation import Expectation
from reelmill.media.inspect import inspect_video
from reelmill.production.collecting import Landed, inspect_videos, land_videos, write_provenance
from reelmill.production.media_inputs import pointer
from reelmill.production.provenance import NAME
from reelmill.production.provenance_reading import read_provenance
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from reelmill.settings import InspectDepth
from reelmill.veo.outcomes import ReturnedVideo
from tests.support.pictures import bottle, file_of
from tests.support.production import RUN, clip, open_engine
from tests.support.videos import black, make_video, moving

ASKED = clip(samples=2)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """A good video, and one of the wrong shape that shows nothing."""
    folder = tmp_path_factory.mktemp("films")
    good = make_video(folder / "good.mp4", width=720, height=1280)
    return good, make_video(folder / "dark.mp4", black, width=160, height=90)


@pytest.fixture
def paid(tmp_path, veo):
    """A studio over a folder, and the intent of a clip of two videos."""
    with open_engine(tmp_path, veo, inspect="header") as engine:
        studio = engine.studio()
        yield studio, authorise(studio, Work(ASKED), RUN)


def stored(studio, intent, *films):
    names = [f"{intent.output_prefix}/sample_{index}.mp4" for index in range(len(films))]
    for name, film in zip(names, films, strict=True):
        studio.storage.create(name, film.read_bytes(), "video/mp4")
    return tuple(studio.storage.uri(name) for name in names)


def test_inline_videos_are_written_under_their_numbers_and_never_over_older_ones(paid):
    studio, intent = paid
    elsewhere = ReturnedVideo(uri="gs://b/reels/sample_1.mp4", data=None)
    nothing = ReturnedVideo(uri=None, data=None)
    landed = land_videos(studio, intent, [ReturnedVideo(None, b"first"), elsewhere, nothing, ReturnedVideo(None, b"4")])
    again = land_videos(studio, intent, [ReturnedVideo(None, b"other")])

    names = [f"{intent.output_prefix}/sample_{index}.mp4" for index in (0, 3)]
    assert landed == (studio.storage.uri(names[0]), elsewhere.uri, studio.storage.uri(names[1]))
    assert again == landed[:1]
    assert [studio.storage.read(name) for name in names] == [b"first", b"4"]


def test_every_video_is_looked_at_and_the_first_gives_the_poster(paid, films):
    studio, intent = paid
    uris = stored(studio, intent, *films)
    landed = inspect_videos(studio, ASKED, intent, uris)

    looks = [inspect_video(film, Expectation.of(ASKED.request), InspectDepth.HEADER) for film in films]
    sizes = [film.stat().st_size for film in films]
    reports = [
        {"uri": uri, "bytes": size, **look.to_dict()} for uri, size, look in zip(uris, sizes, looks, strict=True)
    ]
    assert [report["status"] for report in reports] == ["pass", "fail"]
    assert landed == Landed(
        uris,
        inspection={
            "status": "fail",
            "findings": [finding for report in reports for finding in report["findings"]],
            "videos": reports,
        },
        poster_uri=studio.storage.uri(f"{intent.output_prefix}/poster.jpg"),
        poster_sha256=hashlib.sha256(looks[0].poster).hexdigest(),
        sha256=tuple(hashlib.sha256(film.read_bytes()).hexdigest() for film in films),
    )
    assert studio.storage.read(f"{intent.output_prefix}/poster.jpg") == looks[0].poster


def test_what_cannot_be_read_is_reported_in_its_place(paid, films):
    studio, intent = paid
    (there,) = stored(studio, intent, films[0])
    missing = studio.storage.uri(f"{intent.output_prefix}/sample_9.mp4")
    landed = inspect_videos(studio, ASKED, intent, (missing, "gs://theirs/v.mp4", there))

    *unreadable, seen = landed.inspection["videos"]
    assert unreadable == [
        {"uri": uri, "status": "fail", "findings": [{"code": "unreadable", "message": f"The video {what}."}]}
        for uri, what in ((missing, "is not there"), ("gs://theirs/v.mp4", "lies outside the output"))
    ]
    assert (seen["uri"], seen["status"], landed.inspection["status"]) == (there, "pass", "fail")
    assert landed.sha256[:2] == (None, None)
    assert landed.sha256[2]


def test_where_nothing_is_looked_at_nothing_is_said(paid, films):
    studio, intent = paid
    uris = stored(studio, intent, films[0])
    unseen = replace(studio, settings=studio.settings.model_copy(update={"inspect": InspectDepth.OFF}))
    said = {"inspection": None, "poster_uri": None, "sha256": ()}
    for landed in (inspect_videos(unseen, ASKED, intent, uris), inspect_videos(studio, ASKED, intent, uris[:0])):
        assert landed == Landed(landed.uris, **said) == Landed(landed.uris)
    assert inspect_videos(unseen, ASKED, intent, uris).uris == uris


def test_videos_without_a_picture_have_no_poster(paid, tmp_path):
    studio, intent = paid
    (tmp_path / "empty.mp4").touch()
    landed = inspect_videos(studio, ASKED, intent, stored(studio, intent, tmp_path / "empty.mp4"))
    assert landed.inspection["status"] == "fail"
    assert landed.poster_uri is None


def settled(studio, intent, returned):
    uris = tuple(studio.storage.uri(f"{intent.output_prefix}/sample_{index}.mp4") for index in range(returned))
    state = State.SUCCEEDED if returned == 2 else State.PARTIAL
    return Settlement(state=state, returned=returned, video_uris=uris)


def test_a_record_is_for_people_too_and_says_when_the_run_began(paid):
    studio, intent = paid
    uri = write_provenance(studio, ASKED, intent, settled(studio, intent, 2), ("a" * 64, None))
    data = studio.storage.read(f"{intent.output_prefix}/{NAME}")
    record = read_provenance(data, f"{intent.output_prefix}/{NAME}", studio.storage)

    assert b'\n  "ai_generated": true,\n' in data
    assert uri == record.intent.provenance_uri == studio.storage.uri(f"{intent.output_prefix}/{NAME}")
    assert [video.sha256 for video in record.videos] == ["a" * 64, None]
    assert record.run_started_at == studio.ledger.run(RUN).started_at


def test_a_record_gives_way_only_to_one_that_counts_more_videos(paid):
    studio, intent = paid
    name = f"{intent.output_prefix}/{NAME}"

    def left():
        return read_provenance(studio.storage.read(name), name, studio.storage)

    write_provenance(studio, ASKED, intent, settled(studio, intent, 1))
    first = left()
    write_provenance(studio, ASKED, intent, settled(studio, intent, 1), ("a" * 64,))
    assert left() == first
    write_provenance(studio, ASKED, intent, settled(studio, intent, 2))
    assert left().returned == 2
    write_provenance(studio, ASKED, intent, settled(studio, intent, 1))
    assert left().returned == 2


def test_what_is_no_record_of_ours_is_not_ours_to_replace(paid):
    studio, intent = paid
    studio.storage.create(f"{intent.output_prefix}/{NAME}", b"theirs", "application/json")
    write_provenance(studio, ASKED, intent, settled(studio, intent, 2))
    assert studio.storage.read(f"{intent.output_prefix}/{NAME}") == b"theirs"


def test_a_run_that_leaves_begins_no_look_at_what_has_landed(paid, films):
    studio, intent = paid
    uris = stored(studio, intent, *films)
    studio.stop.leave()
    with pytest.raises(TryLater, match="settle"):
        inspect_videos(studio, ASKED, intent, uris)
    assert studio.storage.list(f"{intent.output_prefix}/poster") == []


def test_a_clip_is_as_like_its_picture_as_the_least_like_of_its_videos(tmp_path, veo):
    picture = file_of(bottle(0.6))
    name = f"inputs/{hashlib.sha256(picture).hexdigest()}.png"
    asked = clip("like", image="https://shop.example/bottle.png", samples=2)
    shown = np.asarray(bottle(0.6, 180).convert("RGB"))

    def turning(number, width, height):
        return np.roll(shown, number % 7, axis=1)

    with open_engine(tmp_path, veo, inspect="full", renditions=False) as engine:
        studio = engine.studio()
        studio.storage.create(name, picture, "image/png")
        studio.storage.create(pointer(asked.request.image), json.dumps({"name": name}).encode(), "application/json")
        intent = authorise(studio, Work(asked), RUN)
        films = [
            make_video(tmp_path / f"{n}.mp4", p, width=180, height=180, seconds=1)
            for n, p in enumerate((turning, moving))
        ]
        found = inspect_videos(studio, asked, intent, stored(studio, intent, *films)).inspection
    like, unlike = (report["likeness"]["score"] for report in found["videos"])
    assert like > 0.8
    assert found["likeness"] == unlike < 0.25
    assert [finding["code"] for finding in found["findings"]].count("unlike_product") == 1
