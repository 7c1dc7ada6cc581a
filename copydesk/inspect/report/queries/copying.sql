SELECT a.publisher AS original, d.publisher AS copier, count(*) AS copies,
       median((epoch(d.published_at) - epoch(a.published_at)) / 3600)
           FILTER (d.published_precision <> 'day' AND a.published_precision <> 'day') AS hours,
       min_by({'id': d.id, 'title': d.title, 'publisher': d.publisher, 'published_at': d.published_at, 'url': d.url},
              d.id, 3) AS examples
FROM duplicates d JOIN articles a ON a.id = d.duplicate_of
WHERE a.publisher <> d.publisher
GROUP BY ALL
ORDER BY copies DESC, original, copier
LIMIT 25
