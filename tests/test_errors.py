import inspect
import pickle

import pytest

from reelmill import errors
from reelmill.errors import ExitCode, ReelmillError

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ReelmillError)]


def test_every_public_name_is_listed():
    assert set(errors.__all__) == {kind.__name__ for kind in KINDS} | {"ExitCode"}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_ends_with_its_remedy_and_survives_a_process_border(kind):
    error = kind("The bucket is gone.", "Make it again.")
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == "The bucket is gone. Make it again."
    assert (type(again), again.problem, again.remedy) == (kind, error.problem, error.remedy)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_a_documented_exit_code(kind):
    assert kind("a", "b").exit_code in set(ExitCode) - {ExitCode.OK}
