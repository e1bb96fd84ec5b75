"""Every error fanlight raises, in one tree, each with the exit code a command ends with."""


class FanlightError(Exception):
    """The base of all errors; its text says what happened and what to do."""

    exit_code = 1


class UsageError(FanlightError):
    """The caller asked for something that does not exist or does not fit."""

    exit_code = 2


class LocalProtocolError(UsageError):
    """Our own side misused the protocol: a bug here, never the peer's doing."""


class RemoteProtocolError(FanlightError):
    """The peer sent something that the protocol does not allow."""

    exit_code = 8


class CodecError(RemoteProtocolError):
    """An update that does not decode: truncated, out of bounds or out of order."""


class Refused(FanlightError):
    """The host refused before any credential was looked at."""

    exit_code = 3


class AuthenticationFailed(FanlightError):
    """The host did not accept the credential; it never says why."""

    exit_code = 4


class CodeNeeded(FanlightError):
    """The host asks for a two-factor code and none was given."""

    exit_code = 5


class IdentityError(FanlightError):
    """The host's identity is unknown, or is not the one that was pinned."""

    exit_code = 6


class Unreachable(FanlightError):
    """No fanlight host answered at the address."""

    exit_code = 7


class ConnectionLost(FanlightError):
    """The connection ended before the session was closed."""

    exit_code = 8


class CaptureError(FanlightError):
    """The screen cannot be captured, or went away."""


class InjectError(FanlightError):
    """Input cannot be injected, or the display went away."""


class EncoderError(FanlightError):
    """An encoder or decoder cannot be opened or failed at work."""


class SettingRefused(FanlightError):
    """A setting that would not be safe; the text says what is asked of it."""


class StateError(FanlightError):
    """The home directory or a file in it is missing, damaged or too open."""
