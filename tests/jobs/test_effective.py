"""Where each effective value comes from, and how it may be shown."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reelmill.errors import FixConfiguration
from reelmill.jobs.effective import MASKED, Effective, Origin, effective_settings
from reelmill.settings import Settings, load_settings
from tests.support.fuzzing import fuzz


def effective() -> dict[str, Effective]:
    found = effective_settings()
    return {each.name: each for group in found.groups.values() for each in group}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REELMILL_LEDGER_URL")
    return tmp_path


def test_without_a_file_everything_is_a_default(here):
    found = effective_settings()
    assert (found.profile, found.file.path, found.wrong) == ("", None, 0)
    assert sorted(effective()) == sorted(Settings.model_fields)
    assert {each.origin for each in effective().values()} == {Origin.DEFAULT}


def test_every_layer_is_named(here, monkeypatch):
    (here / "reelmill.toml").write_text(
        'project = "a"\nmodel = "top"\nsamples = 2\n[profile.staging]\nsamples = 3\nvariants = 2'
    )
    for name, value in {
        "REELMILL_PROFILE": "staging",
        "GOOGLE_CLOUD_PROJECT": "b",
        "reelmill_variants": "4",
        "REELMILL_CAP_DAY_USD": "",
    }.items():
        monkeypatch.setenv(name, value)
    found = effective()
    assert found["project"] == Effective("project", "b", Origin.ENVIRONMENT, variable="GOOGLE_CLOUD_PROJECT")
    assert found["variants"] == Effective("variants", 4, Origin.ENVIRONMENT, variable="reelmill_variants")
    assert found["cap_day_usd"] == Effective("cap_day_usd", None, Origin.ENVIRONMENT, variable="REELMILL_CAP_DAY_USD")
    assert found["samples"] == Effective("samples", 3, Origin.FILE, section="profile.staging")
    assert found["model"] == Effective("model", "top", Origin.FILE)
    assert found["location"] == Effective("location", "us-central1", Origin.DEFAULT)
    assert effective_settings().file.path == here / "reelmill.toml"


def test_a_wrong_setting_is_marked_and_hides_no_other(here, monkeypatch):
    (here / "reelmill.toml").write_text('model = "top"\n[profile.staging]\nsamples = 9')
    monkeypatch.setenv("REELMILL_PROFILE", "staging")
    monkeypatch.setenv("REELMILL_SEED", "many")
    found = effective()
    assert effective_settings().wrong == 2
    assert "less than or equal to 4" in found["samples"].problem
    assert (found["samples"].value, found["samples"].section) == (None, "profile.staging")
    assert (found["seed"].origin, found["seed"].variable) == (Origin.ENVIRONMENT, "REELMILL_SEED")
    assert found["model"].value == "top"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:hunter2@db:5432/ledger", "postgresql://******@db:5432/ledger"),
        ("postgresql+psycopg://hunter2@db/ledger", "postgresql+psycopg://******@db/ledger"),
        ("postgresql://me:hun/ter@hunter2#?@db/ledger", "postgresql://******@db/ledger"),
        ("postgresql://db/ledger?password=hunter2&sslmode=require", "postgresql://db/ledger?…"),
        ("postgresql:///ledger?password=hunter2@x", "postgresql://******@x"),
        ("me:hunter2@db/ledger", "******@db/ledger"),
        ("me:hunter2//x@db", "******@db"),
        ("postgresql:/me:hunter2@db", "******@db"),
        ("postgresql:///me:hunter2@db/ledger", "postgresql://******@db/ledger"),
        ("//:hunter2/@db", "******@db"),
        ("sqlite:////srv/re@els/ledger.db", "sqlite:////srv/re@els/ledger.db"),
        ("sqlite:///.reelmill/ledger.db", "sqlite:///.reelmill/ledger.db"),
        ("https://host/x#token=hunter2", "https://host/x?…"),
    ],
)
def test_passwords_in_addresses_are_masked(here, monkeypatch, address, shown):
    for name in ("ledger_url", "vertex_base_url", "storage_emulator_host"):
        monkeypatch.setenv(f"REELMILL_{name.upper()}", address)
        assert effective()[name].value == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://cms.example.com:8443/hunter2?key=hunter2", "https://cms.example.com:8443/…"),
        ("https://hooks.example.com?hunter2", "https://hooks.example.com/…"),
        ("https://hooks.example.com/", "https://hooks.example.com/"),
        ("https://hooks.example.com", "https://hooks.example.com"),
    ],
)
def test_paths_that_may_be_secrets_are_not_shown(here, monkeypatch, address, shown):
    for name in ("webhook_url", "cms_url"):
        monkeypatch.setenv(f"REELMILL_{name.upper()}", address)
        assert effective()[name].value == shown


@pytest.mark.parametrize("address", ["https://hunter2@host/x", "https://host/hunter2@x", "hunter2", "https:/hunter2@x"])
def test_an_address_that_may_hold_a_password_anywhere_is_not_shown(here, monkeypatch, address):
    monkeypatch.setenv("REELMILL_CMS_URL", address)
    assert effective()["cms_url"].value in (MASKED, None)  # None: it is wrong as it is


def test_a_secret_says_only_that_it_is_set(here, monkeypatch):
    assert effective()["vertex_token"].value is None
    monkeypatch.setenv("REELMILL_VERTEX_TOKEN", "hunter2")
    assert effective()["vertex_token"].value == MASKED
    monkeypatch.setenv("REELMILL_OUTPUT", "https://me:hunter2@host/reels?sig=hunter2")
    assert "hunter2" not in str(effective()["output"].value)


NAMES = ("samples", "variants", "in_flight", "price_max_age_days")
LAYER = st.dictionaries(st.sampled_from(NAMES), st.integers(1, 4), max_size=4)


@fuzz(60)
@given(LAYER, st.dictionaries(st.sampled_from(["a", "b"]), LAYER), st.sampled_from(["", "a", "b"]), LAYER)
def test_the_layer_named_is_the_one_that_gave_the_value(tmp_path_factory, top, profiles, chosen, variables):
    def lines(layer):
        return "".join(f"{name} = {value}\n" for name, value in layer.items())

    folder = tmp_path_factory.mktemp("layers")
    sections = "".join(f"[profile.{name}]\n{lines(layer)}" for name, layer in profiles.items())
    (folder / "reelmill.toml").write_text(lines(top) + sections)
    before, was = dict(os.environ), Path.cwd()
    os.environ.update({f"REELMILL_{name.upper()}": str(value) for name, value in variables.items()})
    os.environ["REELMILL_PROFILE"] = chosen
    os.chdir(folder)
    try:
        if chosen and chosen not in profiles:
            with pytest.raises(FixConfiguration):
                effective_settings()
            return
        found, settings = effective(), load_settings()
    finally:
        os.chdir(was)
        os.environ.clear()
        os.environ.update(before)
    for name in NAMES:
        each = found[name]
        layer = {
            Origin.ENVIRONMENT: variables,
            Origin.FILE: profiles.get(chosen, {}) if each.section else top,
            Origin.DEFAULT: {name: Settings.model_fields[name].default},
        }[each.origin]
        assert each.value == layer[name] == getattr(settings, name)
