SELECT run_id, started_at, items, articles, duplicates, revisions, seen, rejects, bytes_read, peak_memory, cpu_seconds,
       warnings,
       epoch(finished_at) - epoch(started_at) AS seconds,
       settings ->> 'workers' AS workers
FROM runs
ORDER BY run_id DESC
LIMIT 10
