WITH newest AS (
    SELECT max(published_at)::DATE AS day FROM articles WHERE published_at < ingested_at + INTERVAL 1 DAY
),
dated AS (
    SELECT published_at::DATE AS day, publisher, id, title, published_at, url
    FROM articles
    WHERE published_at::DATE BETWEEN (SELECT day FROM newest) - 59 AND (SELECT day FROM newest)
),
largest AS (
    SELECT publisher, true AS named FROM dated WHERE publisher IS NOT NULL
    GROUP BY publisher ORDER BY count(*) DESC, publisher LIMIT 5
)
SELECT day, CASE WHEN named THEN publisher END AS publisher, count(*) AS articles,
       min_by({'id': id, 'title': title, 'publisher': publisher, 'published_at': published_at, 'url': url}, id, 3)
           AS examples
FROM dated LEFT JOIN largest USING (publisher)
GROUP BY ALL
ORDER BY day, publisher
