from tests.support.command_line import reelmill, reelmill_json  # noqa: F401 - fixtures
