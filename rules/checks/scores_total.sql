-- name: scores_total
-- severity: warning
-- zh: 得分之和等于总得分
-- en: the scores add up to the stated total

-- 预算执行率的得分（资金总额行）加各指标的得分，与总分行的得分比较。
-- The score of the execution rate (line of the total funds) plus those of the indicators, against the stated total.
-- Tolerance: half a unit of the last decimal digit of each number; whole numbers are exact.
WITH parts AS (
    SELECT form_id, exact(score) AS part
    FROM indicators
    WHERE score IS NOT NULL AND coalesce(horizon, 'annual') = 'annual'
    UNION ALL
    SELECT form_id, exact(score)
    FROM (
        SELECT form_id, score, coalesce(fund_source = 'total', false) AS is_total
        FROM funding
        WHERE score IS NOT NULL AND coalesce(horizon, 'annual') = 'annual'
    )
    QUALIFY is_total OR NOT bool_or(is_total) OVER (PARTITION BY form_id)
),
sums AS (
    SELECT form_id, sum(part) AS total, sum(half_unit(part)) AS slack
    FROM parts
    GROUP BY form_id
),
broken AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM problems
    WHERE (dataset IN ('indicators', 'funding') AND field = 'score')
        OR (dataset = 'forms' AND field = 'total_score')
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM lineage
    WHERE (dataset IN ('indicators', 'funding') AND field = 'score')
        OR (dataset = 'forms' AND field = 'total_score')
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN broken.form_id IS NOT NULL THEN 'parse_error'
        WHEN sums.total IS NULL AND total_score IS NULL THEN 'not_applicable'
        WHEN sums.total IS NULL OR exact(total_score) IS NULL THEN 'insufficient'
        WHEN abs(sums.total - exact(total_score)) <= sums.slack + half_unit(total_score) THEN 'pass'
        ELSE 'fail'
    END AS outcome,
    CASE outcome
        WHEN 'parse_error' THEN '有得分无法解析 | a score could not be read'
        WHEN 'not_applicable' THEN '表中没有得分 | the form has no scores'
        WHEN 'insufficient' THEN
            CASE WHEN sums.total IS NULL
                THEN '只有总得分 ' || figure(total_score) || '，没有各项得分 | only a total of '
                    || figure(total_score) || ', no scores'
                ELSE '各项得分合计 ' || figure(sums.total) || '，没有总得分 | the scores add up to '
                    || figure(sums.total) || ', no total is stated'
            END
        ELSE '各项得分合计 ' || figure(sums.total) || '，总得分 ' || figure(total_score)
            || ' | the scores add up to ' || figure(sums.total) || ', the stated total is ' || figure(total_score)
    END AS message,
    sums.total::DOUBLE AS expected,
    total_score AS actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN sums ON sums.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
