-- The latest version of each item: of articles/, duplicates/ and revisions/. `dataset` says where it lies.
CREATE OR REPLACE VIEW latest_text AS
SELECT * EXCLUDE (latest)
FROM (
    SELECT *, row_number() OVER (PARTITION BY item_key ORDER BY version DESC, run_id DESC, id) AS latest
    FROM (
        SELECT *, 1 AS version, 'articles' AS dataset FROM articles
        UNION ALL BY NAME
        SELECT * EXCLUDE (duplicate_of, relation, jaccard, containment_in_original, containment_of_original),
               1 AS version, 'duplicates' AS dataset
        FROM duplicates
        UNION ALL BY NAME
        SELECT * EXCLUDE (revises, jaccard), 'revisions' AS dataset FROM revisions
    )
)
WHERE latest = 1;
