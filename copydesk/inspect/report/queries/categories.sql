SELECT category, count(*) AS removals, sum("end" - start)::BIGINT AS characters,
       min({'id': id, 'start': start, 'text': left(text, 300), 'rules': rules}, 3) AS examples
FROM removals
GROUP BY category
ORDER BY removals DESC, category
