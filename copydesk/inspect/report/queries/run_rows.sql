WITH last_runs AS (SELECT run_id FROM runs ORDER BY run_id DESC LIMIT 10),
added AS (
    SELECT 'articles' AS dataset, run_id, id, title, publisher, published_at, url FROM articles
    UNION ALL
    SELECT 'duplicates', run_id, id, title, publisher, published_at, url FROM duplicates
    UNION ALL
    SELECT 'revisions', run_id, id, title, publisher, published_at, url FROM revisions
)
SELECT dataset, run_id,
       min_by({'id': id, 'title': title, 'publisher': publisher, 'published_at': published_at, 'url': url}, id, 3)
           AS examples
FROM added
WHERE run_id IN (SELECT run_id FROM last_runs)
GROUP BY dataset, run_id
UNION ALL BY NAME
SELECT 'rejects' AS dataset, run_id,
       min_by({'id': source_id, 'title': error || ': ' || message, 'url': source_uri}, id, 3) AS examples
FROM rejects
WHERE run_id IN (SELECT run_id FROM last_runs)
GROUP BY run_id
