"""Films in a plan: every scene priced as the clip it is, films counted, and what cannot be is refused first."""

import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from reelmill.errors import FixRequest
from reelmill.ledger.states import State
from reelmill.planning.drafts import made_with
from reelmill.planning.spool import Spool
from reelmill.platforms import MediaUse
from reelmill.prompts.library import PromptLibrary
from reelmill.settings import load_settings
from tests.support.making import CONTENT, planner_for, product, settle_all

PAN = product(1, category=("Home & Garden", "Kitchen & Dining", "Cookware"))
SHIRT = product(2)
SECONDS = (4, 6, 4)  # of the shipped storyboard, with cross-fades of half a second


def wanted(**settings):
    return load_settings(storyboards=True, **settings)


def test_a_plan_prices_every_scene_and_counts_the_films(plan, ledger):
    with Spool() as spool:
        summary = plan([PAN, SHIRT], sink=spool, settings=wanted())
        clips = [planned.clip for planned in spool.planned_clips()]
        films = list(spool.films())

    scenes = [clip for clip in clips if clip.scene]
    assert [clip.request.duration_s for clip in scenes] == [*SECONDS, *SECONDS]  # two ratios
    assert summary.estimated_usd == sum(clip.estimated_usd for clip in clips)
    assert sum(clip.estimated_usd for clip in scenes) == 2 * sum(SECONDS) * scenes[0].unit_price_usd
    assert [film.clip_ids for film in films] == [tuple(c.clip_id for c in scenes[n : n + 3]) for n in (0, 3)]
    ((kind, number),) = summary.films.items()
    assert (number, kind.duration_ms, kind.scenes) == (2, 13_000, ("arrive", "at-work", "served"))
    assert len({clip.clip_id for clip in clips}) == len(clips) == 8


def test_storyboards_are_only_used_if_they_are_wanted(plan):
    with Spool() as spool:
        summary = plan([PAN], sink=spool)
        assert (summary.films, list(spool.films())) == ({}, [])
        assert summary.estimated_usd == Decimal("1.60")


def test_drafts_of_scenes_make_drafts_of_films_and_their_finals_are_the_films_of_a_plan_without(ledger):
    both = {"model": "veo-3.1-fast-generate-001", "draft_model": "veo-3.1-lite-generate-001"}
    with Spool() as wanted_ones, Spool() as drafted:
        finals = planner_for(ledger, settings=wanted(**both)).plan([PAN], wanted_ones)
        drafts = planner_for(ledger, settings=wanted(**both), drafts=True)
        assert drafts.check(date(2026, 11, 1)) == []
        summary = drafts.plan([PAN], drafted)
        films, planned = list(drafted.films()), [one.clip for one in drafted.planned_clips()]
        settle_all(ledger, drafted)
        later = list(wanted_ones.films())
    assert summary.finals.usd == finals.estimated_usd
    assert [film.clip_ids for film in films] == [tuple(c.clip_id for c in planned[n : n + 3]) for n in (0, 3)]
    assert [(film.draft, later_one.draft) for film, later_one in zip(films, later, strict=True)] == [(True, False)] * 2
    assert made_with(planned[0], drafts.builder.model, rehearsal=False).clip_id == later[0].clip_ids[0]


def test_a_changed_scene_is_remade_by_itself(ledger, tmp_path):
    planner = planner_for(ledger, settings=wanted())
    with Spool() as spool:
        planner.plan([PAN], spool)
        before = list(spool.films())
        settle_all(ledger, spool)
    shutil.copytree(CONTENT, tmp_path / "content")
    file = tmp_path / "content" / "prompts" / "cookware" / "storyboard.toml"
    file.write_text(file.read_text().replace("Medium shot", "Wide shot"))
    library = PromptLibrary.load(tmp_path / "content")
    with Spool() as spool:
        summary = replace(planner, builder=replace(planner.builder, library=library)).plan([PAN], spool)
        remade, after = [planned.clip.scene for planned in spool.planned_clips()], list(spool.films())

    assert planner.plan([PAN]).counts["make"] == 0
    assert (remade, summary.counts["keep"]) == (["served", "served"], 4)
    assert [film.clip_ids[:2] for film in after] == [film.clip_ids[:2] for film in before]
    assert not {film.film_id for film in after} & {film.film_id for film in before}


@pytest.mark.parametrize(("setting", "films"), [("A kitchen.", 1), ("For {{ platforms | join }}.", 2)])
def test_shapes_share_scenes_only_if_they_share_the_film(ledger, tmp_path, setting, films):
    """Two uses of pictures are the same for a product without one; a scene may still name its platforms."""
    shutil.copytree(CONTENT, tmp_path / "content")
    file = tmp_path / "content" / "prompts" / "cookware" / "storyboard.arrive.j2"
    file.write_text(file.read_text().replace("Worktop edge level across the lower third", setting))
    planner = planner_for(ledger, settings=wanted(media_use=MediaUse.NONE), platforms=["instagram_reels", "tiktok"])
    reels, *_ = planner.builder.shapes
    shapes = [
        replace(reels, platforms=("instagram_reels",)),
        replace(reels, platforms=("tiktok",), media_use=MediaUse.FIRST_FRAME),
    ]
    builder = replace(planner.builder, library=PromptLibrary.load(tmp_path / "content"), shapes=shapes)
    with Spool() as spool:
        replace(planner, builder=builder).plan([replace(PAN, images=())], spool)
        made = list(spool.films())
    assert [[scene.name for scene in film.scenes] for film in made] == [["arrive", "at-work", "served"]] * films


CHAIN = """
[[scene]]
name = "one"
duration_s = 8
prompt = "{{ product.name }}."
[[scene]]
name = "two"
continues = true
prompt = "It turns."
[[scene]]
name = "three"
continues = true
prompt = "It stops."
"""


@pytest.fixture
def chained(ledger, tmp_path):
    """A planner for a storyboard of one chain, from words like those of ``CHAIN``."""

    def planner(text=CHAIN, **options):
        shutil.copytree(CONTENT, tmp_path / "content", dirs_exist_ok=True)
        folder = tmp_path / "content" / "prompts" / "apparel"
        (folder / "storyboard.toml").write_text(text)
        made = planner_for(ledger, settings=wanted(**options.pop("settings", {})), platforms=["tiktok"], **options)
        return replace(made, builder=replace(made.builder, library=PromptLibrary.load(tmp_path / "content")))

    return planner


def test_a_chain_is_priced_up_front_and_a_change_goes_down_it(ledger, chained):
    with Spool() as spool:
        summary = chained().plan([SHIRT], spool)
        (one,), (two,), (three,) = list(spool.planned_clips()), list(spool.links(1)), list(spool.links(2))
        (film,) = spool.films()
        assert dict(spool.link_counts) == {1: 1, 2: 1}
    clips = [planned.clip for planned in (one, two, three)]
    assert [clip.request.continues for clip in clips] == [None, clips[0].clip_id, clips[1].clip_id]
    assert [clip.request.duration_s for clip in clips] == [8, 7, 7]
    assert summary.estimated_usd == 22 * clips[0].unit_price_usd
    assert (film.clip_ids, film.duration_ms) == (tuple(clip.clip_id for clip in clips), 22_000)
    assert "continues" not in clips[0].request.to_dict()  # or each clip from before would be bought again

    def ids(text):
        with Spool() as changed:
            chained(text).plan([SHIRT], changed)
            return next(changed.films()).clip_ids

    assert not set(ids(CHAIN.replace("product.name }}", "product.name }}, close"))) & set(film.clip_ids)
    assert ids(CHAIN.replace("It stops", "It waits"))[:2] == film.clip_ids[:2]


def test_what_continues_a_blocked_scene_is_blocked_and_not_priced(ledger, chained):
    with Spool() as spool:
        chained().plan([SHIRT], spool)
        settle_all(ledger, spool, State.FILTERED)
    summary = chained().plan([SHIRT])
    assert (summary.counts["blocked"], summary.estimated_usd) == (3, 0)
    assert summary.blocked[2].reason == "scene 'three' continues one that is blocked"


@pytest.mark.parametrize(
    ("options", "output", "told"),
    [
        ({}, "/srv/reels", "which Veo reads from Cloud Storage"),
        ({"drafts": True, "settings": {"draft_model": "veo-3.1-lite-generate-001"}}, "", "drafts of that are not made"),
    ],
)
def test_a_chain_is_refused_where_it_cannot_be(chained, options, output, told):
    planner = replace(chained(**options), output=output)
    with pytest.raises(FixRequest) as refused:
        planner.check(date(2026, 11, 1))
    assert "storyboard.toml: scene 'two': it continues another" in refused.value.problem
    assert told in refused.value.problem
    chained().check(date(2026, 11, 1))


@pytest.mark.parametrize(
    ("settings", "limits", "told"),
    [
        ({"media_use": MediaUse.REFERENCES}, {}, "scene 'arrive': "),  # 8 seconds only
        ({"media_use": MediaUse.EXTEND_VIDEO}, {}, "media_use is extend_video"),
        ({}, {"longest_s": {"youtube": 12.0}}, "film: it lasts 13 s; youtube takes 12 s"),
        ({}, {"shortest_s": {"youtube": 15.0}}, "film: it lasts 13 s; youtube takes 15 s at least"),
    ],
)
def test_what_model_or_platform_would_refuse_is_refused_before_a_row_is_read(ledger, settings, limits, told):
    planner = planner_for(ledger, settings=wanted(model="veo-3.1-generate-001", **settings))
    planner = replace(planner, builder=replace(planner.builder, **limits))
    with pytest.raises(FixRequest) as refused:
        planner.check(date(2026, 11, 1))
    assert "prompts/cookware/storyboard.toml: " in refused.value.problem
    assert told in refused.value.problem
