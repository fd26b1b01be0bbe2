"""The one exception family a user is meant to read."""


class ClawtrainError(Exception):
    """Something the user can act on.

    The message is one sentence that names the failure and what to do next; it never holds
    conversation text. The command line prints it on stderr and exits with ``exit_status``
    (1: the work failed, 2: wrong use), Dagster shows it as the run's failure.
    """

    exit_status = 1


class UsageError(ClawtrainError):
    """A wrong setting, path or argument: nothing was attempted."""

    exit_status = 2
