"""What a process that does nothing but a run can be spared at its start."""

from __future__ import annotations

import sys


def spare_pandas() -> None:
    """Make pyarrow believe that there is no pandas, if it has not looked yet.

    It looks when it first makes an array of a list, which imports pandas where that is installed: a fifth of a second
    in every process, and a run has no use for it. For processes of our own only: from then on `to_pandas` is refused.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    from cleaners.absent import absent  # with all of cleaners, for which the command line does not wait

    with absent("pandas"):
        pa.array([])
