SELECT publisher, count(*) AS articles, count(*) FILTER (published_at IS NULL) AS undated,
       round(avg(word_count))::INTEGER AS words,
       min_by({'id': id, 'title': title, 'publisher': publisher, 'published_at': published_at, 'url': url}, id, 3)
           AS examples,
       count(*) OVER () AS publishers
FROM articles
GROUP BY publisher
ORDER BY articles DESC, publisher
LIMIT 30
