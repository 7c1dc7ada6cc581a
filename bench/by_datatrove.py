"""The same work by datatrove: its reader, C4's line filter, MinHash in four stages, its Parquet writer, two tasks.

For a Python that has datatrove and spaCy: FOLDER holds the articles as *.jsonl.

    python bench/by_datatrove.py FOLDER OUT
"""

from __future__ import annotations

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
    MinhashDedupSignature,
)
from datatrove.pipeline.filters import C4QualityFilter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter, ParquetWriter
from datatrove.utils.typeshelper import Languages

TASKS = 2
CONFIG = MinhashConfig(n_grams=3)


def main(source: str, target: str) -> None:
    """Filter lines, drop near-duplicates, write Parquet."""
    buckets = CONFIG.num_buckets

    def run(stage: str, pipeline: list[object], tasks: int = TASKS) -> None:
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=TASKS, logging_dir=f"{target}/logs/{stage}").run()

    lines = C4QualityFilter(min_num_sentences=-1)
    written = JsonlWriter(f"{target}/lines", compression=None)
    run("lines", [JsonlReader(source, glob_pattern="*.jsonl"), lines, written])
    clean = JsonlReader(f"{target}/lines")
    run("signatures", [clean, MinhashDedupSignature(f"{target}/signatures", CONFIG, language=Languages.english)])
    run("buckets", [MinhashDedupBuckets(f"{target}/signatures", f"{target}/buckets", config=CONFIG)], buckets)
    run("cluster", [MinhashDedupCluster(f"{target}/buckets", f"{target}/removed", config=CONFIG)], 1)
    run("filter", [clean, MinhashDedupFilter(f"{target}/removed"), ParquetWriter(f"{target}/out")])


if __name__ == "__main__":
    main(*sys.argv[1:])
