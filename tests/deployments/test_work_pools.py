"""The base-job templates: valid for Prefect's server and its worker, complete, and without a secret in them."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deployments" / "work-pools"
NAMES = ("process", "docker", "cloud-run-v2", "kubernetes")
PLACEHOLDER = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
HELD_FOR_PEOPLE = ("YOUR-PROJECT", "YOUR-BUCKET", "YOUR-REGION")


def template(name):
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def test_there_is_one_for_each_promised_kind_of_work_pool():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_a_template_whose_defaults_satisfy_its_own_schema(name):
    found = template(name)
    schema = found["variables"]
    jsonschema.Draft202012Validator.check_schema(schema)
    defaults = {key: value["default"] for key, value in schema["properties"].items() if "default" in value}

    assert set(found) == {"variables", "job_configuration"}
    jsonschema.Draft202012Validator(schema).validate(defaults)


@pytest.mark.parametrize("name", NAMES)
def test_it_uses_no_variable_that_it_does_not_name_and_names_none_in_vain(name):
    found = template(name)
    used = set(PLACEHOLDER.findall(json.dumps(found["job_configuration"])))
    named = set(found["variables"]["properties"])

    assert used <= named
    assert named <= used


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_says_what_it_is(name):
    for key, value in template(name)["variables"]["properties"].items():
        assert value.get("description"), key


@pytest.mark.parametrize("name", NAMES)
def test_the_ledger_comes_from_a_secret_and_no_secret_lies_in_the_file(name):
    found = template(name)
    variables = found["variables"]["properties"]
    env = variables["env"]["default"]
    text = json.dumps(found)
    ledger = {
        "process": lambda: env["REELMILL_LEDGER_URL"] == "{{ prefect.blocks.secret.reelmill-ledger-url }}",
        "docker": lambda: env["REELMILL_LEDGER_URL"] == "{{ prefect.blocks.secret.reelmill-ledger-url }}",
        "cloud-run-v2": lambda: variables["env_from_secrets"]["default"]["REELMILL_LEDGER_URL"]["secret"],
        "kubernetes": lambda: "secretRef" in text and variables["secret_name"]["default"],
    }

    assert ledger[name]()
    assert not re.search(r"postgresql://|BEGIN PRIVATE|AIza|pnu_", text)
    assert env["PREFECT_LOGGING_EXTRA_LOGGERS"] == "reelmill"
    for word in re.findall(r"YOUR-[A-Z-]+", text):
        assert word.rstrip("-") in HELD_FOR_PEOPLE


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_that_it_names_is_one(name):
    from reelmill.settings import Settings

    env = template(name)["variables"]["properties"]["env"]["default"]
    for key in env:
        if key.startswith("REELMILL_"):
            assert key.removeprefix("REELMILL_").lower() in Settings.model_fields
