"""``reelmill.toml`` and the environment as anybody may have left them: told in words, and no secret shown."""

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reelmill.cli.environment import unknown_names
from reelmill.cli.settings import settings as show
from reelmill.errors import ExitCode, FixConfiguration, ReelmillError
from reelmill.settings import Settings, load_settings
from tests.support.fuzzing import NASTY_TEXT, fuzz, grown

SECRET = "hunter2"
TEXT = NASTY_TEXT.filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text) and "\0" not in text)
PIECE = st.sampled_from(["", ":", "@", "/", "//", "?", "#", "%40", " ", "a", "é", "[", "]", "\u2100", "\n"])
PASSWORD = st.builds("{}{}{}".format, PIECE, st.just(SECRET), PIECE)
ADDRESS = st.builds(
    "{}{}:{}@{}{}".format,
    st.sampled_from(["", "postgresql://", "sqlite://", "https://", "http:", "//"]),
    st.sampled_from(["", "me", "a@b", "x//y"]),
    PASSWORD,
    st.sampled_from(["host", "", "[::1]", "h:5432"]),
    st.sampled_from(["", "/ledger", f"?password={SECRET}", f"/x?a=1#{SECRET}"]),
)
SCALAR = st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | TEXT
VALUE = SCALAR | st.lists(SCALAR, max_size=2)
SECRETS = st.fixed_dictionaries(
    {},
    optional={
        "vertex_token": PASSWORD | st.lists(PASSWORD, max_size=2),
        "ledger_url": ADDRESS,
        "vertex_base_url": ADDRESS,
        "storage_emulator_host": ADDRESS,
        "samples": PASSWORD,
        "cap_day_usd": PASSWORD,
        "resolution": PASSWORD,
        "credentials_file": st.lists(PASSWORD, min_size=1, max_size=1),
    },
)
TABLE = st.builds(
    lambda plain, secret: {**plain, **secret},
    st.dictionaries(st.sampled_from(sorted(Settings.model_fields)) | TEXT, VALUE, max_size=4),
    SECRETS,
)


def as_toml(table: dict[str, object]) -> str:
    def text(value: object) -> str:
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    return "".join(f"{text(key)} = {text(value)}\n" for key, value in table.items())


@contextmanager
def left_behind(folder: Path, content: str | bytes, environment: dict[str, str]) -> Iterator[None]:
    (folder / "reelmill.toml").write_bytes(content if isinstance(content, bytes) else content.encode())
    before, was = dict(os.environ), Path.cwd()
    for name in [name for name in os.environ if name.startswith("REELMILL_")]:
        del os.environ[name]
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(was)
        os.environ.clear()
        os.environ.update(before)


def printed(*, for_machines: bool) -> tuple[int, str, str]:
    """What ``reelmill settings`` ends with and says, and what every command says before it begins."""
    out = io.StringIO()
    warnings = "\n".join(unknown_names())
    with redirect_stdout(out):
        try:
            return show(json=for_machines), out.getvalue(), warnings
        except FixConfiguration as refused:
            return refused.exit_code, out.getvalue(), f"{warnings}\n{refused}"


def as_environment(table: dict[str, object]) -> dict[str, str]:
    return {f"REELMILL_{name.upper()}": value for name, value in table.items() if isinstance(value, str)}


@fuzz(150)
@given(TABLE, TABLE, st.sampled_from(["", "staging", SECRET[:3]]), SECRETS, st.booleans())
def test_any_file_is_told_and_no_secret_is_shown(tmp_path_factory, top, section, chosen, variables, for_machines):
    content = as_toml({key: value for key, value in top.items() if key != "profile"})
    content += f"[profile.staging]\n{as_toml(section)}"
    environment = as_environment(variables) | {"REELMILL_PROFILE": chosen}
    with left_behind(tmp_path_factory.mktemp("left"), content, environment):
        code, out, err = printed(for_machines=for_machines)
    assert SECRET not in out + err, out + err
    assert code in (ExitCode.OK, ExitCode.USAGE)
    assert bool(out) == (chosen in ("", "staging"))
    if out and for_machines:
        assert json.loads(out)["settings"].keys() == Settings.model_fields.keys()
    assert for_machines or all(len(line) <= 100 for line in out.splitlines())


def test_reading_broken_settings_for_ever_holds_no_memory(tmp_path):
    def once(number):
        content = f"samples = {number}\nnever_seen_{number} = '{'x' * 20_000}'\n" + "[" * (number % 2)
        with left_behind(tmp_path, content, {}), suppress(ReelmillError):
            load_settings()

    assert grown(once, rounds=60) < 1_000_000


@fuzz(200)
@given(st.binary(max_size=60) | TEXT | st.builds("{}{}".format, st.sampled_from(["[profile.", "profile", "a."]), TEXT))
def test_any_bytes_are_settings_or_an_error_with_a_remedy(tmp_path_factory, content):
    with left_behind(tmp_path_factory.mktemp("left"), content, {}):
        try:
            load_settings()
        except ReelmillError as refused:
            assert refused.remedy  # noqa: PT017 - either outcome is right
            expected = ExitCode.USAGE
        else:
            expected = ExitCode.OK
        assert printed(for_machines=False)[0] == expected
