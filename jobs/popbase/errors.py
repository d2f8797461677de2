"""Every failure popbase reports on purpose: one family, one exit code a kind.

A message says what is wrong, where, and what to do. It never carries a citizen's data.
"""

from __future__ import annotations


class PopbaseError(Exception):
    """A failure shown to people as one sentence and a code, without a traceback."""

    exit_code = 1
    code = "popbase.error"
    retry_helps = False


class UsageError(PopbaseError):
    """The command was asked for something that cannot be: a bad date, an unknown feed."""

    exit_code = 2
    code = "usage"


class SettingsError(PopbaseError):
    """A setting is not what it must be."""

    exit_code = 10
    code = "settings"


class MachineError(PopbaseError):
    """The machine lacks something: Java, Spark's jars, a writable folder."""

    exit_code = 11
    code = "machine"


class ContractError(PopbaseError):
    """A contract or a suite is not what popbase can work from."""

    exit_code = 12
    code = "contract"


class LedgerError(PopbaseError):
    """Invariant I1 failed: rows received are not all accounted for."""

    exit_code = 20
    code = "ledger.unbalanced"


class GateError(PopbaseError):
    """A critical expectation failed; nothing was published."""

    exit_code = 21
    code = "gate.critical"


class StorageError(PopbaseError):
    """A table or the landing folder could not be read or written."""

    exit_code = 30
    code = "storage"
    retry_helps = True


class LeaseError(PopbaseError):
    """Another run holds the lease; this one published nothing."""

    exit_code = 31
    code = "lease"
    retry_helps = True


class PublicationError(PopbaseError):
    """A publication is missing, unreadable or taken."""

    exit_code = 32
    code = "publication"


def exit_codes() -> list[tuple[int, str, bool, str]]:
    """(exit code, code, whether a retry helps, meaning) of every kind of failure."""
    kinds: list[type[PopbaseError]] = PopbaseError.__subclasses__()
    return [
        (kind.exit_code, kind.code, kind.retry_helps, (kind.__doc__ or kind.code).split("\n")[0])
        for kind in sorted(kinds, key=lambda kind: kind.exit_code)
    ]
