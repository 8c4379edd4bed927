"""Storyboards: what they may say, what they come to, and how mistakes are told."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio
from reelmill.prompts.library import PromptLibrary
from reelmill.prompts.lint import lint_catalogs
from reelmill.prompts.storyboard import Storyboard, Transition

NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True), min_size=2, max_size=12, unique=True)
FADES = st.decimals(Decimal("0.1"), Decimal(1), places=3)


@given(NAMES, st.data(), st.sampled_from(Transition), FADES)
def test_a_storyboard_is_read_as_it_is_written(tmp_path_factory, names, data, transition, fade):
    lengths = [data.draw(st.sampled_from((4, 6, 8))) for _ in names]
    scenes = [f'[[scene]]\nname = "{n}"\nduration_s = {s}\nprompt = "x"\n' for n, s in zip(names, lengths, strict=True)]
    text = f'[film]\ntransition = "{transition}"\ncrossfade_s = {fade}\n' + "".join(scenes)
    board = Storyboard.parse(tmp_path_factory.getbasetemp() / "toys" / "storyboard.toml", text)

    overlap = fade if transition is Transition.CROSSFADE else 0
    assert [(scene.name, scene.duration_s) for scene in board.scene] == list(zip(names, lengths, strict=True))
    assert Decimal(board.duration_ms) / 1000 == sum(lengths) - overlap * (len(names) - 1)
    assert board.template(board.scene[0]) == f"toys/storyboard.{names[0]}"


SCENE = '[[scene]]\nname = "{}"\nduration_s = {}\nprompt = "{{{{ product.name }}}} stands."\n'
TWO = SCENE.format("one", 4) + SCENE.format("two", 6)
NEXT = '[[scene]]\nname = "{}"\ncontinues = true\nprompt = "On."\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (SCENE.format("one", 4) * 2, "two scenes are called 'one'"),
        (SCENE.format("one", 4) + SCENE.format("two", 5), "scene 'two', duration_s: Input should be 4, 6 or 8"),
        (SCENE.format("One", 4) + TWO, "scene 'One', name"),
        (SCENE.format("one", 4), "scene: "),
        (NEXT.format("one") + TWO.replace("one", "three"), "scene 'one' continues another, and is the first"),
        (TWO + NEXT.format("on") + "duration_s = 4\n", "scene 'on': duration_s: a scene that continues another"),
        (TWO.replace("duration_s = 6", ""), "scene 'two': duration_s: it is missing"),
        (TWO + "".join(map(NEXT.format, "abcde")), "scene 'e' would end a video of 41 s; Veo extends to 37"),
        (TWO + 'form = "extend"\n', "scene 'two', form: Extra inputs are not permitted"),
        ("[film]\ncrossfade_s = 1.5\n" + TWO, "film.crossfade_s"),
        ('[film]\ntransition = "wipe"\n' + TWO, "film.transition"),
        ("[film\n", "is not valid TOML"),
        ('folder = "x"\n' + TWO, "folder: there is no such field"),
        (TWO + '[[scene]]\nname = "bare"\nduration_s = 4\n', "scene 'bare', prompt: it has no prompt"),
    ],
)
def test_mistakes_are_named_with_file_scene_and_field(catalogs, text, told):
    folder = catalogs({"toys/storyboard.toml": text})
    with pytest.raises(FixConfiguration) as refused:
        PromptLibrary.load(folder)
    assert "toys/storyboard.toml: " in refused.value.problem
    assert told in refused.value.problem
    assert refused.value.remedy
    assert [finding.message for finding in lint_catalogs(folder)] == [refused.value.problem]


@given(st.lists(st.booleans(), min_size=1, max_size=11), FADES)
def test_what_continues_a_scene_is_one_video_with_it(tmp_path_factory, continues, fade):
    scenes = "".join((NEXT if more else SCENE).format(f"s{n}", 4) for n, more in enumerate(continues))
    text = f'[film]\ntransition = "crossfade"\ncrossfade_s = {fade}\n' + SCENE.format("first", 8) + scenes
    path = tmp_path_factory.getbasetemp() / "toys" / "storyboard.toml"
    lengths = [8]
    for more in continues:
        lengths = [*lengths[:-1], lengths[-1] + 7] if more else [*lengths, 4]
    if max(lengths) > 37:
        with pytest.raises(FixConfiguration, match="would end a video of"):
            Storyboard.parse(path, text)
        return
    board = Storyboard.parse(path, text)
    videos = [sum(scene.seconds for scene in chain) for chain in board.chains]
    assert videos == lengths
    assert sum(map(len, board.chains)) == len(board.scene) == 1 + len(continues)
    assert Decimal(board.duration_ms) / 1000 == sum(lengths) - fade * (len(lengths) - 1)


def test_a_template_without_a_scene_is_a_mistake(catalogs):
    folder = catalogs({"toys/storyboard.toml": TWO, "toys/storyboard.three.j2": "x"})
    with pytest.raises(FixConfiguration, match=r"storyboard\.three\.j2: no scene has this template"):
        PromptLibrary.load(folder)


def test_scenes_are_linted_as_all_templates(catalogs):
    findings = lint_catalogs(catalogs({"toys/storyboard.toml": TWO.replace("product.name", "product.nmae", 1)}))
    assert [finding.template for finding in findings] == ["toys/storyboard.one.j2"]


def test_scenes_are_rendered_as_all_templates(catalogs, minimal):
    library = PromptLibrary.load(catalogs({"toys/storyboard.toml": TWO}, brand='look = "in soft light"'))
    board = library.storyboard(("Toys",))
    template = library.scene_template(("Toys",), board.scene[0])
    rendered = library.render_with(template, minimal, ratio=NativeRatio.PORTRAIT, duration_s=4, audio=True)

    assert rendered.template == "toys/storyboard.one"
    assert rendered.prompt.startswith("Thing stands.")
    assert "in soft light" in rendered.prompt
    assert library.storyboard(("Anything",)) is None
