"""A run's processes do not import pandas."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import sys
import pyarrow as pa
from copydesk.workers.spare import spare_pandas
{before}
spare_pandas()
assert pa.array([1, None, 3]).to_pylist() == [1, None, 3]
assert ("pandas" in sys.modules) is {known}
import pandas
assert pandas.Series([1]).sum() == 1
"""


@pytest.mark.parametrize("known", [False, True])
def test_pandas_is_not_imported_for_arrays(known: bool) -> None:
    """But who wants it has it, and it is left alone where it is there already."""
    pytest.importorskip("pandas")
    script = SCRIPT.format(before="import pandas" if known else "", known=known)
    subprocess.run([sys.executable, "-c", script], check=True)
