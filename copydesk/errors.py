"""Every error that copydesk raises on purpose.

CopydeskError
├── UsageError         what was asked for cannot be done: a missing path, a setting out of range   (exit code 2)
├── LockedError        another run holds the output                                                 (exit code 3)
├── StoreError         the output's own files are not as they should be                             (exit code 1)
│   └── IndexDamaged   an index segment is missing or broken; it can be rebuilt from the Parquet
│       └── IndexOutdated   it is of an earlier format; the next run rebuilds it
├── TaskError          the processing of a shard failed as a whole                                  (exit code 1)
├── GuardError         the run's figures are out of all proportion; nothing of it is kept            (exit code 5)
└── ItemError          one item cannot be ingested; becomes a row of rejects/, the run goes on
"""

from __future__ import annotations

import errno

PASSING = frozenset(
    {errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETUNREACH}
)
"""What the system says when a disk on a network, or the way to it, has failed; it may be back in a minute."""


class CopydeskError(Exception):
    """The root of the tree; `exit_code` is what the command line ends with."""

    exit_code = 1


class UsageError(CopydeskError):
    """What was asked for cannot be done; the message says what to do instead."""

    exit_code = 2


class LockedError(CopydeskError):
    """Another run holds the output; the message names it."""

    exit_code = 3


class StoreError(CopydeskError):
    """The output's own files are not as they should be."""


class IndexDamaged(StoreError):
    """An index segment is missing, broken or of other parameters."""


class IndexOutdated(IndexDamaged):
    """An index segment is of an earlier format: no damage, but it has to be built anew."""


class TaskError(CopydeskError):
    """The processing of a shard failed as a whole."""


class GuardError(CopydeskError):
    """The run's figures are out of all proportion; the message says what to look at. Nothing of the run is kept."""

    exit_code = 5


class ItemError(CopydeskError):
    """One item cannot be ingested.

    stage: read, decode, extract, clean or describe. error: a short, stable name of the reason
    (`empty`, `binary`, `truncated`, `json`, `no-text`, ...), `str(e)` the explanation.
    """

    def __init__(self, stage: str, error: str, message: str) -> None:
        super().__init__(message)
        self.stage = stage
        self.error = error

    def __reduce__(self) -> tuple[type[ItemError], tuple[str, str, str]]:
        return type(self), (self.stage, self.error, str(self))


def unexpected(stage: str, error: BaseException) -> ItemError:
    """The ItemError for what nobody foresaw: one item must not end a run, and the reject says where to look."""
    if isinstance(error, MemoryError):
        return ItemError(stage, "out-of-memory", "there was not the memory for it: use fewer workers, or more memory")
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
    return ItemError(stage, "internal", f"a defect of copydesk, please report it: {error!r:.500}{where}")


def may_pass(error: BaseException | None) -> bool:
    """Whether the same thing, tried again later, may succeed: another run held the output, or a disk on a network
    failed. What is wrong with the settings, the articles, a guard's figures or a full disk will be wrong again."""
    while error is not None:
        if isinstance(error, LockedError) or (isinstance(error, OSError) and error.errno in PASSING):
            return True
        error = error.__cause__
    return False
