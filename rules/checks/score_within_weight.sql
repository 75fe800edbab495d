-- name: score_within_weight
-- severity: warning
-- zh: 得分不超过分值
-- en: no score exceeds its weight

-- 指标与资金表逐行比较；缺分值或得分的行不比较（合并单元格只记在首行）。
-- Row by row, indicators and funds; rows without a weight or a score are left out (a merged cell counts on its first row).
WITH lines AS (
    SELECT form_id, 'indicators' AS dataset, row_index, weight, score FROM indicators
    UNION ALL
    SELECT form_id, 'funding', row_index, weight, score FROM funding
),
judged AS (
    SELECT *, score > weight AS over FROM lines WHERE weight IS NOT NULL AND score IS NOT NULL
),
counts AS (
    SELECT
        form_id,
        count(*) AS compared,
        count(*) FILTER (over) AS bad,
        min_by(weight, (dataset, row_index)) FILTER (over) AS expected,
        min_by(score, (dataset, row_index)) FILTER (over) AS actual
    FROM judged
    GROUP BY form_id
),
present AS (
    SELECT form_id, bool_or(weight IS NOT NULL OR score IS NOT NULL) AS scored FROM lines GROUP BY form_id
),
broken AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM problems
    WHERE dataset IN ('indicators', 'funding') AND field IN ('weight', 'score')
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM judged
    JOIN lineage USING (form_id, dataset, row_index)
    WHERE over AND field IN ('weight', 'score')
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN counts.bad > 0 THEN 'fail'
        WHEN broken.form_id IS NOT NULL THEN 'parse_error'
        WHEN counts.compared > 0 THEN 'pass'
        WHEN present.scored THEN 'insufficient'
        ELSE 'not_applicable'
    END AS outcome,
    CASE outcome
        WHEN 'fail' THEN bad || ' 行得分高于分值，首行得分 ' || figure(counts.actual) || '、分值 '
            || figure(counts.expected) || ' | ' || bad || ' rows score above their weight, the first '
            || figure(counts.actual) || ' of ' || figure(counts.expected)
        WHEN 'parse_error' THEN '有分值或得分无法解析 | a weight or a score could not be read'
        WHEN 'pass' THEN compared || ' 行得分均不超过分值 | ' || compared || ' rows, none above its weight'
        WHEN 'insufficient' THEN '没有同时填写分值和得分的行 | no row has both a weight and a score'
        ELSE '表中没有分值和得分 | the form has no weights and scores'
    END AS message,
    counts.expected,
    counts.actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN counts ON counts.form_id = forms.form_id
LEFT JOIN present ON present.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
