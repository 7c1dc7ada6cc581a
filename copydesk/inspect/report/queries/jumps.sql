WITH texts AS (
    SELECT id, title, publisher, published_at, url, coalesce(fetched_at, ingested_at)::DATE AS day,
           char_count, removed_chars
    FROM (SELECT * FROM articles UNION ALL BY NAME SELECT * FROM duplicates)
    WHERE publisher IS NOT NULL
),
days AS (
    SELECT publisher, day, count(*) AS texts, sum(removed_chars) AS removed, sum(char_count + removed_chars) AS whole,
           max_by({'id': id, 'title': title, 'publisher': publisher, 'published_at': published_at, 'url': url},
                  removed_chars, 3) AS examples
    FROM texts
    GROUP BY ALL
),
compared AS (
    SELECT publisher, day, texts, removed / whole AS share, examples,
           sum(texts) OVER week AS texts_before,
           sum(removed) OVER week / sum(whole) OVER week AS share_before
    FROM days
    WHERE whole > 0
    WINDOW week AS (PARTITION BY publisher ORDER BY day ROWS BETWEEN 7 PRECEDING AND 1 PRECEDING)
)
SELECT publisher, day, texts, texts_before, share, share_before, share - share_before AS jump, examples
FROM compared
WHERE texts >= 10 AND texts_before >= 20 AND abs(share - share_before) >= 0.1
QUALIFY row_number() OVER (PARTITION BY publisher ORDER BY abs(share - share_before) DESC, day) = 1
ORDER BY abs(jump) DESC, publisher, day
LIMIT 20
