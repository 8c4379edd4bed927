"""Every error Reelmill raises on purpose, named by what the operator must do about it.

ReelmillError
├── FixConfiguration     a setting, template, platform or model choice is wrong       exit 2
│   └── ChooseAnotherModel   the model is unknown, retired or has no known price     exit 2
├── FixFeed              the file is no feed that we can read                         exit 1
├── FixDeliverable       one file cannot be published as it is; others may           exit 3
├── FixRequest           a request breaks a capability of its model                  exit 2
├── FixAccess            Google refused us: credentials, role, region, bucket        exit 1
├── RaiseCap             the next authorisation would pass a cap                      exit 4
├── GetApproval          a person has not allowed the price                           exit 3
├── LookFirst            something may have been paid: look before sending again     exit 3
└── TryLater             a dependency does not answer now; nothing was lost          exit 1

Every message ends with the remedy. Never put a secret or a signed URL into one.
"""

from __future__ import annotations

from enum import IntEnum

__all__ = [
    "ChooseAnotherModel",
    "ExitCode",
    "FixAccess",
    "FixConfiguration",
    "FixDeliverable",
    "FixFeed",
    "FixRequest",
    "GetApproval",
    "LookFirst",
    "RaiseCap",
    "ReelmillError",
    "TryLater",
]


class ExitCode(IntEnum):
    """What the command line returns to the shell."""

    OK = 0
    ERROR = 1
    USAGE = 2
    ATTENTION = 3
    CAP = 4


class ReelmillError(Exception):
    """Base of all errors that Reelmill raises on purpose.

    ``problem`` says what is wrong, ``remedy`` what to do; together they are the message.
    """

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem.rstrip()
        self.remedy = remedy.strip()
        super().__init__(f"{self.problem} {self.remedy}")

    def __reduce__(self) -> tuple[type[ReelmillError], tuple[str, str]]:
        return type(self), (self.problem, self.remedy)


class FixConfiguration(ReelmillError):
    """A setting, a template, a platform or the command line asks for something that cannot be."""

    exit_code = ExitCode.USAGE


class ChooseAnotherModel(FixConfiguration):
    """The model is unknown, retired, or nobody told us its price."""


class FixFeed(ReelmillError):
    """The file is missing, unreadable, or no product feed at all."""


class FixDeliverable(ReelmillError):
    """The target, or the storage, does not let this one file pass; others may."""

    exit_code = ExitCode.ATTENTION


class FixRequest(ReelmillError):
    """A Veo request that its model cannot serve; found before any money is spent."""

    exit_code = ExitCode.USAGE


class FixAccess(ReelmillError):
    """Google (or the database) refused us: credentials, role, region, project or bucket."""


class RaiseCap(ReelmillError):
    """Authorising the next clip would pass a cap; nothing was sent for it."""

    exit_code = ExitCode.CAP


class GetApproval(ReelmillError):
    """A person was asked to allow the price and did not; nothing was sent."""

    exit_code = ExitCode.ATTENTION


class LookFirst(ReelmillError):
    """Something may already have been paid; only a person may send it again."""

    exit_code = ExitCode.ATTENTION


class TryLater(ReelmillError):
    """A service that we depend on does not answer; nothing was lost, the same command resumes."""
