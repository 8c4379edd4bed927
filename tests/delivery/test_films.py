"""Films among what may be handed over: of the present scenes, each of them let through; scenes never by themselves."""

from dataclasses import replace

import pytest

from reelmill.clip import Clip
from reelmill.film import Film, FilmScene
from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Decision, ReviewedVia
from reelmill.ledger.reviews import AskedReview
from reelmill.platforms import NativeRatio
from tests.delivery.making import PORTRAIT, make_clip
from tests.ledger.making import RUN


def scene(name, **facts):
    clip = make_clip(prompt=f"The lamp, {name}.", **facts)
    return replace(clip, scene=name, clip_id=Clip.identify(clip.request, clip.sku, clip.variant, scene=name))


def film_of(*clips, crossfade_ms=0):
    ids = [clip.clip_id for clip in clips]
    return Film(
        film_id=Film.identify(ids),
        sku=clips[0].sku,
        aspect_ratio=NativeRatio.PORTRAIT,
        variant=1,
        scenes=tuple(FilmScene(clip.scene, clip.clip_id) for clip in clips),
        crossfade_ms=crossfade_ms,
        duration_ms=16_000,
    )


def stitch(stall, film, status: str | None = "pass", **more):
    videos = stall.ledger.videos_of(film.clip_ids)
    attempts = tuple(videos[id_].intent_id for id_ in film.clip_ids)
    edition = film.edition(attempts)
    stitched = Stitched(
        edition=edition,
        attempts=attempts,
        video_uri=f"{stall.root}/films/{edition}/film.mp4",
        provenance_uri=f"{stall.root}/films/{edition}/provenance.json",
        inspection=status and {"status": status, "facts": {"width": 720, "height": 1280, "duration_s": 15.5}},
        renditions=dict.fromkeys(PORTRAIT, f"{stall.root}/films/{edition}/film.mp4") | more,
    )
    assert stall.ledger.keep_stitched(film.film_id, stitched)
    assert not stall.ledger.keep_stitched(film.film_id, stitched)
    return stitched


@pytest.fixture
def shown(stall):
    """A film of two delivered scenes, planned and stitched."""
    clips = [scene("one"), scene("two")]
    for clip in clips:
        stall.deliver(clip)
    film = film_of(*clips)
    stall.ledger.plan_films(RUN, stall.root, [film])
    assert stall.listed()[0] == []  # scenes are not shown by themselves
    return film, clips, stitch(stall, film, tiktok=f"{stall.root}/films/tiktok.mp4")


def test_a_film_is_listed_for_each_of_its_platforms(stall, shown):
    _, _, stitched = shown
    found, tally = stall.listed()
    assert [one.platform for one in found] == list(PORTRAIT)
    assert {one.uri for one in found} == {stitched.video_uri, stitched.renditions["tiktok"]}
    assert {(one.duration_s, one.film) for one in found} == {(15.5, stitched.edition)}
    assert (tally.clips, tally.films, tally.deliverables) == (0, 1, 3)


def test_a_remade_scene_withholds_the_film_until_it_is_stitched_again(stall, shown):
    film, clips, stitched = shown
    before = {one.key for one in stall.listed()[0]}
    stall.deliver(clips[1], again=True, after=stitched.attempts[1])
    found, tally = stall.listed()
    assert (found, tally.withheld) == ([], 1)

    again = stitch(stall, film)
    found, _ = stall.listed()
    assert again.edition != stitched.edition
    assert not {one.key for one in found} & before


def test_a_draft_is_not_handed_over_and_takes_the_place_of_no_film(stall, shown):
    film, clips, stitched = shown
    for clip in (drafts := [scene("one", brand="New"), scene("two", brand="New")]):
        stall.deliver(replace(clip, clip_id=f"draft-{clip.scene}"), draft=True)
    draft = replace(film_of(*(replace(clip, clip_id=f"draft-{clip.scene}") for clip in drafts)), draft=True)
    stall.ledger.plan_films(RUN, stall.root, [draft])
    stitch(stall, draft)
    found, tally = stall.listed()
    assert {one.film for one in found} == {stitched.edition}
    assert (tally.films, tally.drafts, tally.replaced) == (2, 1, 0)
    assert stall.ledger.film_of_clips(film.clip_ids) == {clip.clip_id: film.film_id for clip in clips}


@pytest.mark.parametrize("status", ["review", None])
def test_every_scene_must_pass_and_a_doubted_or_unseen_film_wants_every_scene_approved(stall, shown, status):
    film, _, stitched = shown
    assert stall.listed(gate=lambda delivered: {stitched.attempts[0]})[0] == []
    stall.ledger.plan_films(RUN, stall.root, [replace(film, crossfade_ms=500)])
    doubted = replace(film, crossfade_ms=500)
    stitch(stall, doubted, status)
    assert stall.listed()[0] == []
    assert len(stall.listed(looks=False)[0]) == (3 if status is None else 0)
    approvals = [
        AskedReview(
            review_id=f"r-{number}", intent_id=id_, decision=Decision.APPROVE, reviewer="ann", via=ReviewedVia.FILE
        )
        for number, id_ in enumerate(stitched.attempts)
    ]
    stall.ledger.review(approvals[:1])
    assert stall.listed()[0] == []
    stall.ledger.review(approvals)
    assert len(stall.listed()[0]) == 3


def test_another_film_or_a_single_clip_takes_its_place(stall, shown):
    _, clips, _ = shown
    changed = scene("end")
    stall.deliver(changed)
    other = film_of(clips[0], changed)
    stall.ledger.plan_films(RUN, stall.root, [other])
    assert len(stall.listed()[0]) == 3  # until that one has a video
    stitched = stitch(stall, other)
    found, tally = stall.listed()
    assert ({one.film for one in found}, tally.replaced) == ({stitched.edition}, 1)

    single = stall.deliver(make_clip(prompt="One lamp, one shot."))
    found, tally = stall.listed()
    assert ({one.uri for one in found}, tally.replaced) == (set(single.video_uris), 2)
