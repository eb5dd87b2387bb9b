"""The one exception whose message is meant for the user."""


class UserError(Exception):
    """A mistake that the user can correct; the command line prints its message as one line and exits with 1.

    The message says what is wrong, where, and what to do.
    """
