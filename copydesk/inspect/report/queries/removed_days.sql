SELECT ingest_date AS day, category, count(*) AS removals, sum("end" - start)::BIGINT AS characters
FROM removals
GROUP BY ALL
ORDER BY day, category
