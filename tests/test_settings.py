from decimal import Decimal

import pytest

from reelmill.errors import FixConfiguration
from reelmill.settings import Settings, load_settings


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
