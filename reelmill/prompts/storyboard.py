"""Storyboards: the scenes of a category's films, read from ``prompts/<category>/storyboard.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from reelmill.errors import FixConfiguration

__all__ = [
    "EXTENSION_S",
    "FILE",
    "FilmRules",
    "Scene",
    "Storyboard",
    "Transition",
    "read_storyboards",
    "scene_template",
]

FILE = "storyboard.toml"
_SHORTEST_FADE = Decimal("0.1")
_LONGEST_FADE = Decimal(1)
_LONGEST_CHAIN_S = 37  # of what an extension returns (Veo 3.1 model cards)

EXTENSION_S = 7
"""What an extension adds, in seconds; fixed by Veo."""


def _decimal(value: Any) -> Any:
    """A number of TOML as it is written, without what floats add to it."""
    return Decimal(str(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


class Transition(StrEnum):
    """How one scene becomes the next."""

    CUT = "cut"
    CROSSFADE = "crossfade"


class Scene(BaseModel):
    """One ``[[scene]]``: a paid clip. Its template is ``prompt``, or the file ``storyboard.<name>.j2`` beside it.

    One that ``continues`` the scene before it is an extension of that video by Veo, of a fixed length.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,31}$", description="Names the scene, in results too.")
    duration_s: Literal[4, 6, 8] | None = Field(None, description="Seconds asked of Veo; none if it continues.")
    continues: bool = Field(False, description="Extends the video of the scene before it by 7 seconds.")
    prompt: str | None = Field(None, min_length=1, description="Its template, in Jinja.")

    @model_validator(mode="after")
    def _has_a_length(self) -> Self:
        if self.continues and self.duration_s is not None:
            raise ValueError("duration_s: a scene that continues another always adds 7 seconds; leave it out")
        if not self.continues and self.duration_s is None:
            raise ValueError("duration_s: it is missing; give 4, 6 or 8")
        return self

    @property
    def seconds(self) -> int:
        """How much longer it makes the film, transitions apart; what is paid for it."""
        return self.duration_s or EXTENSION_S


class FilmRules(BaseModel):
    """``[film]``: how the scenes are joined."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    transition: Transition = Field(Transition.CUT, description="cut or crossfade.")
    crossfade_s: Annotated[Decimal, BeforeValidator(_decimal)] = Field(
        Decimal("0.5"),
        ge=_SHORTEST_FADE,
        le=_LONGEST_FADE,
        max_digits=4,
        decimal_places=3,
        description="Seconds by which two scenes overlap.",
    )


class Storyboard(BaseModel):
    """The scenes of one film, in order. ``folder`` is the category that it lies in."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    film: FilmRules = FilmRules()
    scene: tuple[Scene, ...] = Field(min_length=2, max_length=12)
    folder: str = ""

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [scene.name for scene in self.scene]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two scenes are called {twice!r}")
        if self.scene[0].continues:
            raise ValueError(f"scene {names[0]!r} continues another, and is the first")
        for chain in self.chains:
            seconds = sum(scene.seconds for scene in chain)
            if seconds > _LONGEST_CHAIN_S:
                last = chain[-1].name
                raise ValueError(f"scene {last!r} would end a video of {seconds} s; Veo extends to {_LONGEST_CHAIN_S}")
        return self

    @property
    def chains(self) -> tuple[tuple[Scene, ...], ...]:
        """The scenes in order, each with those that continue it: Veo returns every chain as one video."""
        chains: list[list[Scene]] = []
        for scene in self.scene:
            if scene.continues and chains:
                chains[-1].append(scene)
            else:
                chains.append([scene])
        return tuple(map(tuple, chains))

    @property
    def crossfade_ms(self) -> int:
        """How long two scenes overlap; 0 for cuts."""
        return int(self.film.crossfade_s * 1000) if self.film.transition is Transition.CROSSFADE else 0

    @property
    def duration_ms(self) -> int:
        """Length of the film: its scenes, less what its videos overlap."""
        return 1000 * sum(scene.seconds for scene in self.scene) - self.crossfade_ms * (len(self.chains) - 1)

    def template(self, scene: Scene) -> str:
        """The name of a scene's template, like ``cookware/storyboard.pour``."""
        return f"{self.folder}/{scene_template(scene.name)}"

    @classmethod
    def parse(cls, path: Path, text: str) -> Self:
        """Read the TOML ``text`` of ``path``. Raises FixConfiguration naming file, scene, field and remedy."""
        try:
            values = tomllib.loads(text)
            if "folder" in values:
                raise FixConfiguration(f"{path}: folder: there is no such field.", "Leave it out.")
            return cls.model_validate({**values, "folder": path.parent.name})
        except tomllib.TOMLDecodeError as error:
            raise FixConfiguration(f"{path}: is not valid TOML: {error}.", "Correct that line.") from None
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = _where(first["loc"], values)
            raise FixConfiguration(
                f"{path}: {where}{first['msg'].removeprefix('Value error, ')}.",
                "Correct it; docs/films.md lists what a storyboard may say.",
            ) from None


def scene_template(name: str) -> str:
    """What a scene's template is called in its folder."""
    return f"storyboard.{name}"


def read_storyboards(folder: Path, files: Mapping[str, str]) -> tuple[dict[str, Storyboard], dict[str, str]]:
    """The storyboards below ``folder`` by category, and the templates that stand in them, by file name.

    ``files`` are the templates that lie in files. Raises FixConfiguration for a storyboard that cannot be read, a scene
    without a template or with two, and a template without a scene.
    """
    boards: dict[str, Storyboard] = {}
    inline: dict[str, str] = {}
    for path in sorted(folder.glob(f"*/{FILE}")):
        try:
            board = boards[path.parent.name] = Storyboard.parse(path, path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise FixConfiguration(f"{path}: cannot be read as UTF-8 text: {error}.", "Save it as UTF-8.") from None
        for scene in board.scene:
            _take_template(path, board, scene, files, inline)
    used = {f"{name}.j2" for board in boards.values() for name in map(board.template, board.scene)}
    for name in sorted(files):
        if name.rpartition("/")[2].startswith(scene_template("")) and name not in used:
            raise FixConfiguration(
                f"{folder / name}: no scene has this template.", f"Add its [[scene]] to {FILE}, or remove the file."
            )
    return boards, inline


def _take_template(
    path: Path, board: Storyboard, scene: Scene, files: Mapping[str, str], inline: dict[str, str]
) -> None:
    name = f"{board.template(scene)}.j2"
    if (scene.prompt is None) == (name not in files):
        problem = "has no prompt" if scene.prompt is None else f"has its prompt here and in {path.parent / name}"
        raise FixConfiguration(
            f"{path}: scene {scene.name!r}, prompt: it {problem}.",
            f"Write the prompt here, or in {scene_template(scene.name)}.j2 beside it.",
        )
    if scene.prompt is not None:
        inline[name] = scene.prompt


def _where(place: tuple[int | str, ...], values: Mapping[str, Any]) -> str:
    """``scene 'pour', duration_s: `` for where in the file something is wrong."""
    return ", ".join(_parts(place, values)) + ": " if place else ""


def _parts(place: tuple[int | str, ...], values: Mapping[str, Any]) -> Iterator[str]:
    match place:
        case ("scene", int(number), *rest):
            name = values["scene"][number].get("name") if isinstance(values["scene"][number], dict) else None
            yield f"scene {name!r}" if isinstance(name, str) else f"scene {number + 1}"
            yield from map(str, rest)
        case _:
            yield ".".join(map(str, place))
