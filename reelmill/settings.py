"""Every setting of Reelmill, in one place: described, bounded, read from ``REELMILL_*`` and ``reelmill.toml``.

Layers, the first wins: options and forms, the environment, the chosen profile, the top of ``reelmill.toml``, defaults.

The reference page ``docs/settings.md`` is generated from this class; ``make check`` keeps it true.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from reelmill.choices import ImageIdentity, InspectDepth
from reelmill.clip import Resolution
from reelmill.errors import FixConfiguration
from reelmill.platforms import MediaUse
from reelmill.settings_delivery import DeliverySettings
from reelmill.settings_file import chosen_profile, read_settings_file
from reelmill.settings_judging import JudgingSettings
from reelmill.settings_media import MediaSettings
from reelmill.settings_retention import RetentionSettings
from reelmill.telemetry.log_lines import LogFormat

__all__ = ["ImageIdentity", "InspectDepth", "Settings", "load_settings", "read_settings", "variables"]

Usd = Annotated[Decimal, Field(ge=0, decimal_places=2, max_digits=12)]


class Settings(RetentionSettings, DeliverySettings, JudgingSettings, MediaSettings):
    """Reelmill's settings. Environment wins over ``reelmill.toml``, which wins over the defaults."""

    model_config = SettingsConfigDict(env_prefix="REELMILL_", extra="ignore", populate_by_name=True, frozen=True)

    # Google
    project: str = Field(
        "",
        validation_alias=AliasChoices("REELMILL_PROJECT", "GOOGLE_CLOUD_PROJECT"),
        description="Google Cloud project that pays. `GOOGLE_CLOUD_PROJECT` works too.",
    )
    location: str = Field(
        "us-central1",
        pattern=r"^[a-z]+(-[a-z]+\d+)?$",
        description="Vertex AI region. The Veo 3.1 model cards list us-central1 only.",
    )
    vertex_base_url: str = Field(
        "",
        description="Address of the Vertex AI API; empty means Google's own. Point it at the simulator to rehearse.",
    )
    vertex_token: SecretStr = Field(
        SecretStr(""),
        description="A static bearer token instead of Google credentials, for local use only.",
    )
    credentials_file: Path | None = Field(
        None,
        description="Service-account key file; empty means application default credentials.",
    )
    storage_emulator_host: str = Field(
        "",
        validation_alias=AliasChoices("REELMILL_STORAGE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"),
        description="Address of a Cloud Storage stand-in, like `http://127.0.0.1:4443`; empty means Google's own.",
    )

    # What to make
    output: str = Field(
        "", description="Where videos and tables go when --output is not given: gs://bucket/prefix or a folder."
    )
    catalog: str = Field(
        "",
        max_length=500,
        description="Name of the catalog whose vanished products are retired; empty means the output.",
    )
    retire_most_percent: int = Field(
        50,
        ge=0,
        le=100,
        description="Most of the known products of a catalog, in percent, that one plan retires; where more seem to be "
        "gone, and more than ten, it retires nothing and says so (see feeds.md). 100 retires whatever is gone.",
    )
    catalogs_dir: Path = Field(
        Path("catalogs"),
        description="Folder with brand.toml, platforms.toml and prompts/; the shipped one if it is missing.",
    )
    platforms: Annotated[tuple[str, ...], NoDecode] = Field(
        ("instagram_reels", "youtube"),
        description="Platforms to make for when none are named, separated by commas.",
    )
    model: str = Field("veo-3.1-fast-generate-001", description="Veo model to pay for.")
    draft_model: str = Field(
        "", description="Cheaper Veo model for drafts (see drafts.md); `model` stays that of finals. Empty: no drafts."
    )
    resolution: Resolution = Field(Resolution.P720, description="Resolution asked of Veo: 720p, 1080p or 4k.")
    samples: int = Field(1, ge=1, le=4, description="Videos per request; each returned one is paid.")
    variants: int = Field(1, ge=1, le=10, description="Different clips per product and ratio; each is paid.")
    storyboards: bool = Field(False, description="Films of several paid scenes where a category has a storyboard.")
    audio: bool | None = Field(None, description="Force sound on or off; unset leaves it to the platforms.")
    seed: int | None = Field(None, ge=0, le=4294967295, description="Seed; Veo does not promise the same video for it.")
    person_generation: str = Field("allow_adult", pattern=r"^[a-zA-Z_]{3,20}$", description="Veo's person policy.")
    media_use: MediaUse = Field(
        MediaUse.NONE,
        description="How product images enter the request: none, first_frame, first_last_frame, references, "
        "or extend_video to continue a video that the feed names.",
    )
    video_column: str = Field(
        "video_link", max_length=100, description="Feed column with the gs:// MP4 that extend_video continues."
    )
    image_identity: ImageIdentity = Field(
        ImageIdentity.REFERENCE,
        description="Identify images by reference (planning fetches nothing) or by content "
        "(pictures overwritten in place are noticed).",
    )
    split_variants: bool = Field(False, description="Make one product per feed variant instead of one per item group.")
    campaign: str = Field("", max_length=63, description="Campaign name carried into labels and tables.")

    # Money
    ledger_url: str = Field(
        "sqlite:///.reelmill/ledger.db",
        repr=False,  # it may hold a password
        description="SQLAlchemy URL of the ledger: SQLite on one machine, PostgreSQL for several.",
    )
    cap_run_usd: Usd | None = Field(
        None, description="Most that one run may spend, in USD; unset means no cap of its own."
    )
    cap_day_usd: Usd | None = Field(None, description="Most that all runs may spend in one UTC day, in USD.")
    cap_month_usd: Usd | None = Field(None, description="Most that all runs may spend in one UTC month, in USD.")
    ask_above_usd: Usd | None = Field(
        None,
        description="A flow run whose plan could cost more than this, in USD, pauses and asks a person; unset means "
        "never. The command line asks anyway.",
    )
    ask_wait_s: int = Field(
        86_400, ge=1, le=2_592_000, description="How long a paused flow run waits for a decision, in seconds."
    )
    filtered_retries: int = Field(
        0,
        ge=0,
        le=3,
        description="Times that a clip stopped by Google's safety filters is tried again with a softened prompt "
        "(see prompts.md); 0 means never. Google says that filtered videos are not billed; each try takes one submit "
        "of the quota, and reserves the clip's price while it runs.",
    )
    remake_attempts: int = Field(
        0,
        ge=0,
        le=3,
        description="Times that a run makes a clip anew whose finding has the policy `remake` (see media.md); 0 means "
        "never. Each is paid like the first: the plan shows the most that they can cost.",
    )
    price_max_age_days: int = Field(90, ge=1, le=3650, description="Warn when a price was read longer ago than this.")

    # Pace
    quota_per_minute: float = Field(
        50, gt=0, le=60_000, description="Submits a minute that Google permits for the model."
    )
    in_flight: int = Field(
        400, ge=1, le=5000, description="Most clips between submit and settle at any time, per process."
    )
    shard_clips: int = Field(
        0,
        ge=0,
        le=5000,
        description="Clips per shard: a flow run with more than this many is cut into shards, each a flow run of the "
        "deployment `shard` on any worker (see prefect.md). 0 makes everything in the run itself.",
    )
    throttled_wait_s: float = Field(
        30, ge=0.01, le=600, description="First wait of everyone after a 429, in seconds; it doubles."
    )
    throttled_wait_max_s: float = Field(
        240, ge=0.01, le=3600, description="Longest wait after repeated 429s, in seconds."
    )
    submit_timeout_s: float = Field(60, ge=0.1, le=600, description="Deadline of one submit, in seconds.")
    submit_attempts: int = Field(
        20, ge=1, le=1000, description="Times a clip that was definitely refused for now (429, no connection) is sent."
    )
    poll_interval_s: float = Field(
        10, ge=0.01, le=300, description="Longest time between two looks at an operation, in seconds."
    )
    poll_timeout_s: float = Field(30, ge=0.1, le=600, description="Deadline of one poll, in seconds.")
    operation_deadline_s: float = Field(
        1800,
        ge=1,
        le=86_400,
        description="An operation not done after this many seconds is expired (and looked at again by settle).",
    )
    unclear_wait_s: float = Field(
        900,
        ge=0.1,
        le=86_400,
        description="Longest generation time: how long an unclear submit is looked for before it is lost, in seconds.",
    )
    lease_s: float = Field(
        180, ge=1, le=3600, description="How long a worker owns a clip without a sign of life, in seconds."
    )

    # Who is told
    webhook_url: str = Field(
        "",
        repr=False,  # paths of webhooks are often secrets
        max_length=2000,
        description="Address that is told of every clip and run that ends (see webhooks.md): https, or http on this "
        "machine. Empty means nobody. What counts is the setting when a run begins.",
    )
    webhook_secret: SecretStr = Field(
        SecretStr(""),
        description="Secret that signs webhooks: `whsec_` and the base64 of 24 to 64 random bytes. Two, separated by a "
        "space, while it is being changed.",
    )
    webhook_private: bool = Field(
        False, description="Let webhooks go to private and link-local addresses, for a receiver in your own network."
    )
    webhook_timeout_s: float = Field(10, ge=0.1, le=120, description="Deadline of one delivery, in seconds.")
    webhook_attempts: int = Field(
        30, ge=1, le=1000, description="Times a webhook is tried before it is a dead letter; 30 take most of a day."
    )
    webhook_wait_s: float = Field(
        5, ge=0.01, le=3600, description="Wait after the first try that failed, in seconds; it doubles, with jitter."
    )
    webhook_wait_max_s: float = Field(
        3600,
        ge=0.01,
        le=86_400,
        description="Longest wait between two tries, in seconds, unless Retry-After asks for more.",
    )

    # Seeing it
    log_format: LogFormat = Field(
        LogFormat.TEXT,
        description="How log lines look on standard error: text, or json with Cloud Logging's fields (see metrics.md).",
    )
    metrics_port: int = Field(
        0, ge=0, le=65_535, description="Port on which each running process shows its metrics to Prometheus; 0: none."
    )
    metrics_host: str = Field(
        "127.0.0.1", max_length=255, description="Address that metrics_port listens on; this machine alone by default."
    )

    @field_validator("platforms", mode="before")
    @classmethod
    def _separated_by_commas(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(name for name in (part.strip(' "[]') for part in value.split(",")) if name)

    @property
    def rehearsal(self) -> bool:
        """Whether clips are not bought from Google, so that they cost nothing and must never pass for bought ones."""
        host = urlsplit(self.vertex_base_url).hostname or ""
        return bool(self.vertex_base_url) and not host.endswith(".googleapis.com")

    @field_validator("vertex_base_url", "storage_emulator_host")
    @classmethod
    def _an_address(cls, value: str) -> str:
        try:
            urlsplit(value)
        except ValueError:  # whose words quote users and passwords
            raise ValueError("it is no address") from None
        return value

    @field_validator(
        *("seed", "audio", "cap_run_usd", "cap_day_usd", "cap_month_usd", "ask_above_usd"),
        *("keep_orphans_days", "keep_unfit_days", "keep_rejected_days", "keep_drafts_days"),
        "credentials_file",
        mode="before",
    )
    @classmethod
    def _empty_means_unset(cls, value: object) -> object:
        return None if value == "" else value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then ``reelmill.toml`` in the working folder."""
        written = read_settings_file().values(chosen_profile())
        known = {name: value for name, value in written.items() if name in settings_cls.model_fields}  # no variables
        return init_settings, env_settings, InitSettingsSource(settings_cls, known)


def load_settings(**overrides: object) -> Settings:
    """The effective settings. Raises FixConfiguration naming the first setting that is wrong."""
    settings, wrong = read_settings(**overrides)
    for name, problem in wrong.items():
        raise FixConfiguration(
            f"Setting {name}: {problem}.",
            "See docs/settings.md for its bounds; `reelmill settings` shows where it comes from.",
        )
    return settings


def read_settings(**overrides: object) -> tuple[Settings, dict[str, str]]:
    """The effective settings, with the default for each that is wrong, and the problems of those by name.

    Raises FixConfiguration if ``reelmill.toml`` cannot be read or lacks the chosen profile.
    """
    try:
        try:
            return Settings(**overrides), {}  # type: ignore[arg-type]
        except ValidationError as error:
            wrong = _problems(error)
        defaults = {name: Settings.model_fields[name].get_default() for name in wrong}
        return Settings(**{**overrides, **defaults}), wrong
    except (SettingsError, ValueError, RecursionError) as error:
        quotes = isinstance(error, SettingsError | ValidationError)  # the words of these quote the value
        said = type(error).__name__ if quotes else str(error)
        raise FixConfiguration(
            f"The settings cannot be read: {said}.", "Correct reelmill.toml or REELMILL_*."
        ) from None


def variables(name: str) -> tuple[str, ...]:
    """The environment variables of a setting; the first one that is set counts."""
    alias = Settings.model_fields[name].validation_alias
    return tuple(map(str, alias.choices)) if isinstance(alias, AliasChoices) else (f"REELMILL_{name.upper()}",)


def _problems(error: ValidationError) -> dict[str, str]:
    """What is wrong, by setting. The words never quote a value."""
    names = {word: name for name in Settings.model_fields for word in (name, *variables(name))}
    problems: dict[str, str] = {}
    for each in error.errors(include_input=False):
        problems.setdefault(names[str(each["loc"][0])], each["msg"])
    return problems
