"""What can go wrong, drawn as a tree.

``BotError``
├── ``ConfigError``        a setting in the environment or ``.env`` is missing or wrong
├── ``TemplateFailure``    a template could not be rendered, or produced too much
├── ``StoreError``         the database is not there, or not in the state we need
│   └── ``AccountTaken``   another process owns the account
├── ``ScenarioError``      a scenario file cannot be read
├── ``ImportFailed``    a file cannot be imported at all
├── ``NightFailed``        the night's reading failed in its own process
├── ``FetchFailed``        a picture could not be had
└── ``SendError``          a message did not reach the platform
    ├── ``NotConnected``   it was not even tried: it still waits
    ├── ``SendFailed``     the platform refused it: it certainly did not go out
    │   └── ``TooOften``   it refused it because we send too much
    └── ``SendLost``       the call was lost: nobody knows whether it went out

Messages that operators read are Chinese; the others are English.
"""

from __future__ import annotations


class BotError(Exception):
    """The root of all our own errors; its text can be shown to whom it concerns."""


class ConfigError(BotError):
    """Settings that are missing or wrong, all at once: one line each in ``problems``."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class TemplateFailure(BotError):
    """A template could not be rendered; ``line`` is its line number where that is known."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class StoreError(BotError):
    """The database cannot be used as it is."""


class AccountTaken(StoreError):
    """Another process owns the account; this one may not write any more, and ends."""


class ScenarioError(BotError):
    """A scenario file cannot be read."""


class ImportFailed(BotError):
    """A file cannot be imported at all: what is wrong, and what to do."""


class NightFailed(BotError):
    """The night's reading failed in the process that did it; the text is the error's trace, without words."""


class FetchFailed(BotError):
    """A picture could not be had; ``for_good``: nor will it be, if it is asked for again."""

    def __init__(self, message: str, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class SendError(BotError):
    """A message did not certainly reach the platform."""


class NotConnected(SendError):
    """There is no link over which to send or fetch: nothing was tried."""


class SendFailed(SendError):
    """The platform said no: the message did not go out, and may be tried again."""


class TooOften(SendFailed):
    """The platform said no because we send too much: everything has to rest for a while."""


class SendLost(SendError):
    """The call was lost or timed out: the message may or may not have gone out."""
