-- name: weights_total
-- severity: warning
-- zh: 分值之和等于总分值
-- en: the weights add up to the stated total

-- 预算执行率的分值（资金总额行）加各指标的分值，与总分行的分值比较。
-- The weight of the execution rate (line of the total funds) plus those of the indicators, against the stated total.
-- Tolerance: half a unit of the last decimal digit of each number; whole numbers are exact.
WITH parts AS (
    SELECT form_id, exact(weight) AS part
    FROM indicators
    WHERE weight IS NOT NULL AND coalesce(horizon, 'annual') = 'annual'
    UNION ALL
    SELECT form_id, exact(weight)
    FROM (
        SELECT form_id, weight, coalesce(fund_source = 'total', false) AS is_total
        FROM funding
        WHERE weight IS NOT NULL AND coalesce(horizon, 'annual') = 'annual'
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
    WHERE (dataset IN ('indicators', 'funding') AND field = 'weight')
        OR (dataset = 'forms' AND field = 'total_weight')
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM lineage
    WHERE (dataset IN ('indicators', 'funding') AND field = 'weight')
        OR (dataset = 'forms' AND field = 'total_weight')
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN broken.form_id IS NOT NULL THEN 'parse_error'
        WHEN sums.total IS NULL AND total_weight IS NULL THEN 'not_applicable'
        WHEN sums.total IS NULL OR exact(total_weight) IS NULL THEN 'insufficient'
        WHEN abs(sums.total - exact(total_weight)) <= sums.slack + half_unit(total_weight) THEN 'pass'
        ELSE 'fail'
    END AS outcome,
    CASE outcome
        WHEN 'parse_error' THEN '有分值无法解析 | a weight could not be read'
        WHEN 'not_applicable' THEN '表中没有分值 | the form has no weights'
        WHEN 'insufficient' THEN
            CASE WHEN sums.total IS NULL
                THEN '只有总分值 ' || figure(total_weight) || '，没有各项分值 | only a total of '
                    || figure(total_weight) || ', no weights'
                ELSE '各项分值合计 ' || figure(sums.total) || '，没有总分值 | the weights add up to '
                    || figure(sums.total) || ', no total is stated'
            END
        ELSE '各项分值合计 ' || figure(sums.total) || '，总分值 ' || figure(total_weight)
            || ' | the weights add up to ' || figure(sums.total) || ', the stated total is ' || figure(total_weight)
    END AS message,
    sums.total::DOUBLE AS expected,
    total_weight AS actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN sums ON sums.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
