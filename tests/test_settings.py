import inspect
import re
from decimal import Decimal

import pytest

from reelmill.errors import FixConfiguration
from reelmill.setting_groups import setting_groups
from reelmill.settings import Settings, load_settings, read_settings
from reelmill.settings_delivery import DeliverySettings
from reelmill.settings_judging import JudgingSettings
from reelmill.settings_media import MediaSettings
from reelmill.settings_retention import RetentionSettings


def test_every_setting_says_what_it_means():
    assert all(len(field.description or "") > 10 for field in Settings.model_fields.values())


def test_options_win_over_environment_which_wins_over_the_file(tmp_path, monkeypatch):
    (tmp_path / "reelmill.toml").write_text('model = "from-file"\nsamples = 3\nvariants = 3\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REELMILL_SAMPLES", "2")
    monkeypatch.setenv("REELMILL_VARIANTS", "2")
    settings = load_settings(variants=1)
    assert (settings.model, settings.samples, settings.variants) == ("from-file", 2, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REELMILL_SAMPLES", "5"),
        ("REELMILL_QUOTA_PER_MINUTE", "0"),
        ("REELMILL_CAP_DAY_USD", "-1"),
        ("REELMILL_CAP_DAY_USD", "0.001"),
        ("REELMILL_RESOLUTION", "8k"),
        ("REELMILL_LOCATION", "us-central1/../x"),
    ],
)
def test_a_setting_out_of_bounds_is_named(monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(FixConfiguration, match=name.removeprefix("REELMILL_").lower()):
        load_settings()


def test_a_secret_never_shows(monkeypatch):
    monkeypatch.setenv("REELMILL_VERTEX_TOKEN", "ya29.very-secret")
    settings = load_settings()
    assert "very-secret" not in repr(settings)
    assert "very-secret" not in str(settings.model_dump_json())
    assert "hunter2" not in repr(load_settings(ledger_url="postgresql://me:hunter2@db/ledger"))


def test_an_empty_value_means_unset_and_the_common_names_work(monkeypatch):
    monkeypatch.setenv("REELMILL_CAP_DAY_USD", "")
    monkeypatch.setenv("REELMILL_CAP_MONTH_USD", "12.50")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "shop")
    settings = load_settings()
    assert (settings.cap_day_usd, settings.cap_month_usd, settings.project) == (None, Decimal("12.50"), "shop")


@pytest.mark.parametrize("written", ["tiktok,youtube", " tiktok , youtube ", '["tiktok", "youtube"]'])
def test_platforms_are_named_as_people_name_them(monkeypatch, written):
    monkeypatch.setenv("REELMILL_PLATFORMS", written)
    assert load_settings().platforms == ("tiktok", "youtube")


PROFILES = """
model = "top"
samples = 2
output = "gs://top/reels"
[profile.staging]
model = "staged"
samples = 3
output = ""
[profile.production]
model = "sold"
"""


@pytest.fixture
def profiles(tmp_path, monkeypatch):
    (tmp_path / "reelmill.toml").write_text(PROFILES)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "reelmill.toml"


@pytest.mark.parametrize(
    ("chosen", "model"), [(None, "top"), ("", "top"), ("staging", "staged"), (" production ", "sold")]
)
def test_only_the_chosen_profile_is_read(profiles, monkeypatch, chosen, model):
    if chosen is not None:
        monkeypatch.setenv("REELMILL_PROFILE", chosen)
    assert load_settings().model == model


def test_a_profile_wins_over_the_top_and_loses_to_the_environment_and_to_options(profiles, monkeypatch):
    monkeypatch.setenv("reelmill_profile", "staging")  # as with settings, the case does not count
    monkeypatch.setenv("REELMILL_SAMPLES", "4")
    settings = load_settings(variants=7)
    assert (settings.model, settings.samples, settings.variants, settings.output) == ("staged", 4, 7, "")
    assert load_settings(samples=1).samples == 1


def test_the_common_name_of_the_project_wins_over_a_profile(tmp_path, monkeypatch):
    (tmp_path / "reelmill.toml").write_text('project = "top"\n[profile.staging]\nproject = "staged"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REELMILL_PROFILE", "staging")
    assert load_settings().project == "staged"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "environment")
    assert load_settings().project == "environment"


def test_a_profile_that_is_not_there_stops_everything_and_names_those_that_are(profiles, monkeypatch):
    monkeypatch.setenv("REELMILL_PROFILE", "prod")
    with pytest.raises(FixConfiguration, match="it has production, staging") as refused:
        load_settings()
    assert "REELMILL_PROFILE" in refused.value.remedy
    profiles.write_text('model = "top"')
    with pytest.raises(FixConfiguration, match="it has none"):
        load_settings()
    profiles.unlink()
    with pytest.raises(FixConfiguration, match=r"there is no reelmill\.toml in .*"):
        load_settings()


@pytest.mark.parametrize(
    "text", ['profile = "staging"', "[profile]\nmodel = 'x'", "[[profile]]", "profile.staging = 3"]
)
def test_a_profile_that_is_no_section_is_refused(profiles, text):
    profiles.write_text(text)
    with pytest.raises(FixConfiguration, match="no section") as refused:
        load_settings()
    assert "[profile.staging]" in refused.value.remedy


def test_names_of_variables_are_for_the_environment_only(profiles):
    profiles.write_text('GOOGLE_CLOUD_PROJECT = "shop"\nREELMILL_MODEL = "x"\nMODEL = "y"')
    assert (load_settings().project, load_settings().model) == ("", Settings.model_fields["model"].default)


def test_a_file_with_a_byte_order_mark_is_read(profiles):
    profiles.write_text('model = "marked"', "utf-8-sig")
    assert load_settings().model == "marked"


def test_a_wrong_setting_leaves_the_others_as_they_are(profiles, monkeypatch):
    monkeypatch.setenv("REELMILL_SAMPLES", "5")
    monkeypatch.setenv("REELMILL_CAP_DAY_USD", "SECRET")
    settings, wrong = read_settings(variants=11)
    assert (settings.model, settings.samples, settings.cap_day_usd, settings.variants) == ("top", 1, None, 1)
    assert set(wrong) == {"samples", "cap_day_usd", "variants"}
    assert "SECRET" not in str(wrong)


def test_an_address_that_cannot_be_read_is_not_quoted():
    with pytest.raises(FixConfiguration, match="vertex_base_url") as refused:
        load_settings(vertex_base_url="https://me:hunter2@ho\u2100st")
    assert "hunter2" not in str(refused.value)


def test_the_groups_are_those_of_the_comments():
    said: dict[str, list[str]] = {}
    sources = map(inspect.getsource, (MediaSettings, JudgingSettings, DeliverySettings, RetentionSettings, Settings))
    for line in "".join(sources).splitlines():
        if comment := re.fullmatch(r"    # (.+)", line):
            said[comment[1]] = []
        elif (field := re.match(r"    (\w+): .*=", line)) and field[1] in Settings.model_fields:
            said[next(reversed(said))].append(field[1])
    assert setting_groups() == said
    assert [name for names in said.values() for name in names] == list(Settings.model_fields)


@pytest.mark.parametrize(
    "address",
    ["cdn.example.com", "gs://shop", "https://me:hunter2@x.org", "https://x.org/?hunter2", "https://x.org/ "],
)
def test_a_public_address_is_plain_and_not_quoted(address):
    with pytest.raises(FixConfiguration, match="public_base_url") as refused:
        load_settings(public_base_url=address)
    assert "hunter2" not in str(refused.value)
