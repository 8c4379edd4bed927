"""Why a platform gets no file of a video that may be shown otherwise."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Lack"]

_ANEW = "mark the clip remake in reelmill review, then reelmill redrive --remakes, which is paid."


class Lack(StrEnum):
    """What is missing, with words and a remedy for people."""

    NO_PLATFORM = "no_platform"
    NOT_LOOKED_AT = "not_looked_at"
    NOT_MADE = "not_made"
    FAILED = "failed"
    OFF_RULES = "off_rules"

    @property
    def words(self) -> str:
        """The reason, as it follows a colon."""
        return {
            Lack.NO_PLATFORM: "platforms.toml has no such platform of the video's ratio any more",
            Lack.NOT_LOOKED_AT: "nobody has looked at the video yet, so no file was made",
            Lack.NOT_MADE: "no file was made when the video was looked at",
            Lack.FAILED: "making the file failed (finding rendition_failed)",
            Lack.OFF_RULES: "the file breaks a rule of the platform (finding rendition_off_rules)",
        }[self]

    @property
    def remedy(self) -> str:
        """What to do."""
        return {
            Lack.NO_PLATFORM: "Correct platforms.toml, or run the feed again for the platforms that there are.",
            Lack.NOT_LOOKED_AT: "reelmill inspect makes it for nothing, with inspect = full and renditions = true.",
            Lack.NOT_MADE: f"Another attempt gets one: {_ANEW} Where the finish adds nothing, renditions = false lets "
            "the clip itself go.",
            Lack.FAILED: f"Mend what the finding says, then {_ANEW}",
            Lack.OFF_RULES: f"Change what the clip asks for, then {_ANEW} If the platform takes it all the same, set "
            'rendition_off_rules = "pass" below [finish.findings] in brand.toml.',
        }[self]
