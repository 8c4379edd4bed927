"""The template files of a prompts folder, read once, with what each of them builds on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from jinja2 import TemplateError, TemplateSyntaxError

from reelmill.errors import FixConfiguration
from reelmill.platforms import NativeRatio
from reelmill.prompts.environment import PromptEnvironment, references, syntax_error
from reelmill.prompts.storyboard import Storyboard, read_storyboards, scene_template

__all__ = ["ANY", "TemplateSources", "read_sources"]

ANY = "any"
"""The file name, without ``.j2``, of a template that serves every ratio."""

_STEMS = {ANY, *(ratio.slug for ratio in NativeRatio)}


@dataclass(frozen=True)
class TemplateSources:
    """Every ``.j2`` file below ``folder`` by its path there, like ``apparel/9x16.j2``.

    Templates that stand in a storyboard are among them, under the names that they would have as files.
    """

    folder: Path
    files: dict[str, str]
    storyboards: Mapping[str, Storyboard] = field(default_factory=dict)
    _references: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    @property
    def template_names(self) -> tuple[str, ...]:
        """The templates that a product may be given, without ``.j2``; files with ``_`` are only shared."""
        return tuple(name.removesuffix(".j2") for name in sorted(self.files) if not _shared(name))

    @property
    def folders(self) -> frozenset[str]:
        """The folders that hold at least one template."""
        return frozenset(name.split("/")[0] for name in self.template_names)

    def environment(self) -> PromptEnvironment:
        """A sandbox with every file compiled. Raises FixConfiguration naming the file and line."""
        environment = PromptEnvironment(self.files)
        for name in sorted(self.files):
            try:
                environment.compile_all([name])
                self._references[name] = self._referenced(environment, name)
            except TemplateSyntaxError as error:
                raise syntax_error(error, self.folder, name) from None
            except TemplateError as error:
                raise FixConfiguration(f"{self.folder / name}: {error}.", "Correct the template.") from None
            except (RecursionError, MemoryError, SyntaxError):  # Python's own limits, met while compiling
                raise FixConfiguration(f"{self.folder / name}: it is nested too deeply.", "Simplify it.") from None
        return environment

    def closure(self, name: str) -> tuple[str, ...]:
        """The names and texts of a file and of everything that it builds on, in a stable order."""
        reached: dict[str, None] = {}
        waiting = [name]
        while waiting:
            file = waiting.pop()
            if file not in reached:
                reached[file] = None
                waiting.extend(self._references.get(file, ()))
        return tuple(part for file in sorted(reached) for part in (file, self.files[file]))

    def parts(self) -> tuple[str, ...]:
        """Every name and text, in a stable order."""
        return tuple(part for file in sorted(self.files) for part in (file, self.files[file]))

    def _referenced(self, environment: PromptEnvironment, name: str) -> tuple[str, ...]:
        found = references(environment.parse(self.files[name], name))
        for reference in sorted(found, key=str):
            if reference is None:
                raise FixConfiguration(
                    f"{self.folder / name}: it includes a template whose name is computed.",
                    "Write the name as text: its version must cover everything that it includes.",
                )
            if reference not in self.files:
                raise FixConfiguration(
                    f"{self.folder / name}: there is no {reference!r} below {self.folder}.",
                    "Correct the name; it starts at the prompts folder.",
                )
        return tuple(reference for reference in found if reference is not None)


def read_sources(folder: Path) -> TemplateSources:
    """Read every ``.j2`` below ``folder``.

    Raises FixConfiguration for a folder without templates, a file that is not UTF-8, a template named
    after a ratio that Veo does not make, or a storyboard that says what cannot be.
    """
    files: dict[str, str] = {}
    for path in sorted(folder.rglob("*.j2")):
        name = path.relative_to(folder).as_posix()
        try:
            files[name] = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FixConfiguration(f"{path}: cannot be read as UTF-8 text: {error}.", "Save it as UTF-8.") from None
        _check_name(path, name)
    if not files:
        raise FixConfiguration(
            f"{folder}: holds no templates (*.j2).",
            "Point catalogs_dir at a folder with prompts/<category>/<ratio>.j2.",
        )
    storyboards, inline = read_storyboards(folder, files)
    return TemplateSources(folder, {**files, **inline}, storyboards)


def _shared(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("/"))


def _check_name(path: Path, name: str) -> None:
    if _shared(name):
        return
    parts = name.removesuffix(".j2").split("/")
    if len(parts) == 2 and parts[1].startswith(scene_template("")):  # noqa: PLR2004 - folder and file
        return  # its storyboard decides
    if len(parts) != 2 or parts[1] not in _STEMS:  # noqa: PLR2004 - folder and file
        raise FixConfiguration(
            f"{path}: is no template that could ever be chosen; Veo makes 16:9 and 9:16.",
            "Name it <category>/16x9.j2, 9x16.j2 or any.j2; start the name of a shared part with _.",
        )
