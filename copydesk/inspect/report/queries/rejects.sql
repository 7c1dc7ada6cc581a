SELECT stage, error, count(*) AS items,
       min_by({'id': source_id, 'title': message, 'url': source_uri}, id, 5) AS examples
FROM rejects
GROUP BY stage, error
ORDER BY items DESC, stage, error
