WITH largest AS (
    SELECT story_id, count(*) AS copies FROM duplicates GROUP BY story_id ORDER BY copies DESC, story_id LIMIT 12
)
SELECT a.story_id, largest.copies, a.title, a.publisher, a.published_at, a.url,
       list({'id': d.id, 'title': d.relation || ', jaccard ' || round(d.jaccard, 2), 'publisher': d.publisher,
             'published_at': d.published_at, 'url': d.url,
             'hours': (epoch(d.published_at) - epoch(a.published_at)) / 3600}
            ORDER BY d.published_at NULLS LAST, d.id)[:2000] AS members
FROM largest
JOIN articles a ON a.id = largest.story_id
JOIN duplicates d ON d.story_id = largest.story_id
GROUP BY ALL
ORDER BY copies DESC, a.story_id
