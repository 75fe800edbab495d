-- name: deviation_reason
-- severity: warning
-- zh: 扣分的指标有偏差原因
-- en: an indicator that loses points gives a reason

-- 得分低于分值的指标应填写偏差原因。
-- Every indicator that scores below its weight states a reason.
WITH judged AS (
    SELECT form_id, row_index, weight, score, deviation_reason IS NULL AS silent
    FROM indicators
    WHERE weight IS NOT NULL AND score IS NOT NULL
),
counts AS (
    SELECT
        form_id,
        count(*) FILTER (score < weight) AS below,
        count(*) FILTER (score < weight AND silent) AS bad,
        min_by(weight, row_index) FILTER (score < weight AND silent) AS expected,
        min_by(score, row_index) FILTER (score < weight AND silent) AS actual
    FROM judged
    GROUP BY form_id
),
present AS (
    SELECT form_id, bool_or(weight IS NOT NULL OR score IS NOT NULL) AS scored FROM indicators GROUP BY form_id
),
broken AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM problems
    WHERE dataset = 'indicators' AND field IN ('weight', 'score')
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM judged
    JOIN lineage USING (form_id, row_index)
    WHERE dataset = 'indicators' AND score < weight AND silent AND field IN ('weight', 'score')
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN counts.bad > 0 THEN 'fail'
        WHEN broken.form_id IS NOT NULL THEN 'parse_error'
        WHEN counts.form_id IS NOT NULL THEN 'pass'
        WHEN present.scored THEN 'insufficient'
        ELSE 'not_applicable'
    END AS outcome,
    CASE outcome
        WHEN 'fail' THEN below || ' 项扣分，其中 ' || bad || ' 项没有偏差原因，首项得分 ' || figure(counts.actual)
            || '、分值 ' || figure(counts.expected) || ' | ' || below || ' indicators lose points, ' || bad
            || ' of them without a reason, the first ' || figure(counts.actual) || ' of ' || figure(counts.expected)
        WHEN 'parse_error' THEN '有分值或得分无法解析 | a weight or a score could not be read'
        WHEN 'pass' THEN below || ' 项扣分，均有偏差原因 | ' || below || ' indicators lose points, each with a reason'
        WHEN 'insufficient' THEN '没有同时填写分值和得分的指标 | no indicator has both a weight and a score'
        ELSE '指标没有分值和得分 | the indicators have no weights and scores'
    END AS message,
    counts.expected,
    counts.actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN counts ON counts.form_id = forms.form_id
LEFT JOIN present ON present.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
