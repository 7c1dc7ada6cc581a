WITH agreed AS (
    SELECT rules, ingest_date, count(*) AS removals, sum("end" - start) AS characters,
           min({'id': id, 'start': start, 'text': left(text, 300), 'category': category}, 3) AS examples
    FROM removals
    GROUP BY ALL
),
named AS (
    SELECT unnest(list_distinct(list_transform(rules, lambda rule: split_part(rule, ':', 1)))) AS rule,
           * EXCLUDE (rules)
    FROM agreed
),
days AS (
    SELECT rule, ingest_date, sum(removals)::BIGINT AS removals, sum(characters) AS characters,
           flatten(list(examples)) AS examples
    FROM named
    GROUP BY ALL
)
SELECT rule, sum(removals)::BIGINT AS removals, sum(characters)::BIGINT AS characters,
       list_sort(flatten(list(examples)))[:3] AS examples,
       list({'day': ingest_date, 'removals': removals} ORDER BY ingest_date) AS days
FROM days
GROUP BY rule
ORDER BY removals DESC, rule
LIMIT 40
