"""Finding what is wrong with the rules of softening, before a filtered clip needs them."""

from __future__ import annotations

from reelmill.errors import FixConfiguration
from reelmill.prompts.finding import Finding, Severity
from reelmill.prompts.library import PromptLibrary, word_pattern
from reelmill.prompts.soften_rules import FILE, load_soften_rules

__all__ = ["soften_findings"]


def soften_findings(library: PromptLibrary) -> list[Finding]:
    """A file that cannot be read, or that would write a word which the brand forbids; it need not be there."""
    folder = library.sources.folder
    if not (folder / FILE).exists():
        return []
    try:
        rules = load_soften_rules(folder)
    except FixConfiguration as error:
        return [Finding(FILE, None, Severity.ERROR, error.problem, error.remedy)]
    forbidden = dict.fromkeys(word for template in library.templates.values() for word, _ in template.banned)
    return [
        Finding(FILE, None, Severity.ERROR, f"{text!r} has {word!r}, which the brand forbids.", "Reword it.")
        for word in forbidden
        for text in dict.fromkeys(rules.texts())
        if word_pattern(word).search(text)
    ]
