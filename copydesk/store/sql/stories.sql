-- Each story: its article, how many copies it has, of how many publishers, and the copies by date.
CREATE OR REPLACE VIEW stories AS
SELECT a.story_id, a.title, a.publisher, a.published_at, a.url, a.language, a.word_count,
       count(d.id) AS copies,
       count(DISTINCT d.publisher) FILTER (d.publisher IS DISTINCT FROM a.publisher) AS other_publishers,
       list({'id': d.id, 'publisher': d.publisher, 'published_at': d.published_at, 'url': d.url,
             'relation': d.relation, 'jaccard': d.jaccard}
            ORDER BY d.published_at NULLS LAST, d.id) FILTER (d.id IS NOT NULL) AS copied_by
FROM articles a LEFT JOIN duplicates d ON d.story_id = a.story_id
GROUP BY ALL;
