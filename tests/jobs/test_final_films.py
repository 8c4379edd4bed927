"""Finals of films: planned when they are made, whole or not at all, and never over what came after their drafts."""

from dataclasses import replace

import pytest

from reelmill.clip import Clip
from reelmill.film import Film, FilmScene
from reelmill.jobs import finals
from reelmill.jobs.finals import plan_finals
from reelmill.ledger.films import Stitched
from reelmill.ledger.records import Decision, KnownProduct, ReviewedVia, Settlement
from reelmill.ledger.reviews import AskedReview
from reelmill.ledger.states import State
from reelmill.planning.actions import Action
from reelmill.platforms import NativeRatio
from reelmill.production.sending import authorise
from reelmill.production.work import Work
from tests.support.production import RUN, clip, open_engine

FINAL, DRAFT = "veo-3.1-fast-generate-001", "veo-3.1-lite-generate-001"


def scene(name, *, sku="SKU-1", model=DRAFT, words="turns"):
    made = replace(clip(sku, f"The lamp {words}, {name}.", model=model), scene=name)
    return replace(made, clip_id=Clip.identify(made.request, sku, made.variant, scene=name, rehearsal=True))


def film_of(*scenes, draft=False):
    ids = [made.clip_id for made in scenes]
    return Film(
        film_id=Film.identify(ids),
        sku=scenes[0].sku,
        aspect_ratio=NativeRatio.PORTRAIT,
        variant=1,
        scenes=tuple(FilmScene(made.scene, made.clip_id) for made in scenes),
        crossfade_ms=0,
        duration_ms=8_000,
        draft=draft,
    )


class Desk:
    """Drafts are made and picked here, and what else a ledger learns of without paying."""

    def __init__(self, engine):
        self.engine, self.ledger, self.root = engine, engine.ledger, engine.storage.root

    def deliver(self, *clips, draft=False):
        for made in clips:
            intent = authorise(self.engine.studio(), Work(made, draft=draft), RUN)
            self.ledger.mark_sending(intent.intent_id, owner=self.engine.owner, lease_s=30)
            self.ledger.accepted(intent.intent_id, f"operations/{intent.intent_id}")
            uris = (self.engine.storage.uri(f"{intent.output_prefix}/1/sample_0.mp4"),)
            self.ledger.settle(intent.intent_id, Settlement(state=State.SUCCEEDED, returned=1, video_uris=uris))

    def plan(self, *films):
        self.ledger.plan_films(RUN, self.root, films)

    def stitch(self, film):
        attempts = tuple(intent.intent_id for intent in self.ledger.videos_of(film.clip_ids).values())
        there = {"video_uri": f"{self.root}/film.mp4", "provenance_uri": f"{self.root}/provenance.json"}
        assert self.ledger.keep_stitched(
            film.film_id, Stitched(edition=film.edition(attempts), attempts=attempts, **there)
        )

    def draft(self, *scenes):
        """Make drafts of the scenes of a film, stitch it, and pick them all."""
        film = film_of(*scenes, draft=True)
        self.plan(film)
        self.deliver(*scenes, draft=True)
        self.stitch(film)
        picked = [intent.intent_id for intent in self.ledger.videos_of(film.clip_ids).values()]
        said = {"decision": Decision.APPROVE, "reviewer": "ann", "via": ReviewedVia.FILE}
        self.ledger.review([AskedReview(review_id=f"r-{id_}", intent_id=id_, **said) for id_ in picked])

    def live(self, *scenes):
        """What a nightly run does: plan a film, make its scenes that are not there, stitch it."""
        film = film_of(*scenes)
        self.plan(film)
        there = self.ledger.videos_of(film.clip_ids)
        self.deliver(*(made for made in scenes if made.clip_id not in there))
        self.stitch(film)
        return film

    def finals(self):
        """The works and films of all that is picked; and what was kept or blocked, with the reasons."""
        summary, works, films = plan_finals(self.engine, None)
        reasons = {one.reason for one in summary.blocked}
        return works, films, (summary.counts[Action.KEEP], summary.counts[Action.BLOCKED], reasons)

    def replaced(self):
        return {one.film.film_id for one in self.ledger.films(output=self.root) if one.replaced and not one.film.draft}


@pytest.fixture
def desk(tmp_path, veo):
    with open_engine(tmp_path, veo, model=FINAL, draft_model=DRAFT) as engine:
        yield Desk(engine)


ONE, TWO = scene("one"), scene("two")
FINAL_ONE, FINAL_TWO = scene("one", model=FINAL), scene("two", model=FINAL)
WHOLE = film_of(FINAL_ONE, FINAL_TWO)


def test_a_film_whose_finals_are_there_is_not_planned_again_over_what_came_after_it(desk):
    desk.draft(ONE, TWO)
    works, films, _ = desk.finals()
    assert ({work.clip.clip_id for work in works}, films) == ({FINAL_ONE.clip_id, FINAL_TWO.clip_id}, [WHOLE])
    desk.live(FINAL_ONE, FINAL_TWO)
    changed = desk.live(*(scene(name, model=FINAL, words="shines") for name in ("one", "two")))

    desk.draft(scene("one", sku="SKU-2"), scene("two", sku="SKU-2"))
    works, films, told = desk.finals()
    assert {work.clip.sku for work in works} == {film.sku for film in films} == {"SKU-2"}
    assert told == (2, 0, set())
    desk.plan(*films)
    assert desk.replaced() == {WHOLE.film_id}
    assert changed.film_id not in desk.replaced()


@pytest.mark.parametrize("made", [[], [FINAL_ONE]], ids=["no final is there", "one final is there"])
def test_nothing_is_paid_for_a_film_of_which_a_changed_scene_was_made(desk, made):
    desk.draft(ONE, TWO)
    desk.deliver(*made, scene("one", model=FINAL, words="shines"))  # the other one is still to be made tonight
    works, films, (kept, blocked, (reason,)) = desk.finals()
    assert (works, films, kept, blocked) == ([], [], 0, 2)
    assert "A changed clip has taken the place of scene 'one' of its film." in reason


def test_nothing_is_paid_for_a_film_if_one_of_other_scenes_is_live(desk):
    desk.draft(ONE, TWO)
    live = desk.live(FINAL_ONE, scene("end", model=FINAL))
    works, films, (kept, blocked, (reason,)) = desk.finals()
    assert (works, films, kept, blocked) == ([], [], 0, 2)
    assert "Another film has taken the place of its film." in reason
    assert live.film_id not in desk.replaced()


def test_nothing_is_paid_for_a_film_of_a_product_that_is_gone(desk):
    desk.draft(ONE, TWO)
    desk.deliver(FINAL_ONE)
    desk.ledger.remember_products(desk.engine.catalog, [KnownProduct("SKU-1", "f", 1, retired=True)], RUN)
    works, films, (kept, blocked, (reason,)) = desk.finals()
    assert (works, films, kept, blocked) == ([], [], 0, 2)
    assert "vanished from the feed" in reason


def test_a_film_that_has_one_of_its_finals_is_completed(desk):
    desk.draft(ONE, TWO)
    desk.deliver(FINAL_ONE)
    works, films, told = desk.finals()
    assert ([work.clip.clip_id for work in works], films, told) == ([FINAL_TWO.clip_id], [WHOLE], (1, 0, set()))


def test_a_film_whose_drafts_do_not_come_at_once_is_planned_once(desk, monkeypatch):
    monkeypatch.setattr(finals, "_CHUNK", 1)
    desk.draft(ONE, TWO)
    works, films, _ = desk.finals()
    assert (len(works), films) == (2, [WHOLE])


def test_a_film_that_several_films_of_drafts_lead_to_is_planned_once(desk):
    desk.draft(ONE, TWO)
    desk.deliver(FINAL_ONE)
    mixed = film_of(FINAL_ONE, TWO, draft=True)
    desk.plan(mixed)
    desk.stitch(mixed)
    works, films, told = desk.finals()
    assert ([work.clip.clip_id for work in works], films, told) == ([FINAL_TWO.clip_id], [WHOLE], (1, 0, set()))
    desk.plan(*films)
