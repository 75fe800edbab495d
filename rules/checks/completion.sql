-- name: completion
-- severity: info
-- zh: 完成值达到指标值
-- en: the achievement meets the target

-- 只比较数值、单位相同、符号明确的指标。没有符号时，相等即达到；不等时看指标方向（正向、反向），方向不明则不比较。
-- Only indicators with both numbers, the same unit and a known sign. Without a sign equal is met; unequal is judged
-- by the direction (正向, 反向) and left out where none is given. An achievement with a sign of its own is compared
-- only if the sign is that of the target; >5 meets >5.
WITH lines AS (
    SELECT
        form_id, row_index, target_value AS target, target_upper, actual_value AS actual,
        actual_comparator IS NOT DISTINCT FROM target_comparator AS same_sign,
        coalesce(actual_upper, actual_value) AS actual_upper,
        1e-9 * greatest(1, abs(target_value)) AS slack,
        CASE
            WHEN target_comparator IS NOT NULL THEN target_comparator
            WHEN abs(actual_value - target_value) <= 1e-9 * greatest(1, abs(target_value)) THEN '='
            WHEN contains(direction, '正') THEN '>='
            WHEN contains(direction, '反') OR contains(direction, '逆') THEN '<='
        END AS sign
    FROM indicators
    WHERE target_value IS NOT NULL AND actual_value IS NOT NULL
        AND coalesce(horizon, 'annual') = 'annual'
        AND target_unit IS NOT DISTINCT FROM actual_unit
        AND regexp_matches(target_text, '[%％‰]|百分|千分') = regexp_matches(actual_text, '[%％‰]|百分|千分')
        AND (actual_comparator IS NULL OR actual_comparator IN ('=', '~') OR actual_comparator = target_comparator)
),
judged AS (
    SELECT
        *,
        CASE sign
            WHEN '>=' THEN actual >= target - slack
            WHEN '>' THEN actual > target OR (same_sign AND actual = target)
            WHEN '<=' THEN actual_upper <= target + slack
            WHEN '<' THEN actual_upper < target OR (same_sign AND actual_upper = target)
            WHEN '=' THEN abs(actual - target) <= slack AND abs(actual_upper - target) <= slack
            WHEN '~' THEN actual >= target - slack AND actual_upper <= coalesce(target_upper, target) + slack
        END AS met
    FROM lines
),
counts AS (
    SELECT
        form_id,
        count(met) AS compared,
        count(*) FILTER (NOT met) AS bad,
        arg_min(target, row_index) FILTER (NOT met) AS expected,
        arg_min(actual, row_index) FILTER (NOT met) AS actual
    FROM judged
    GROUP BY form_id
),
present AS (
    SELECT form_id, count(*) AS n, bool_or(actual_text IS NOT NULL) AS filled FROM indicators GROUP BY form_id
),
broken AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM problems
    WHERE dataset = 'indicators' AND kind IS DISTINCT FROM 'several' AND (field LIKE 'target%' OR field LIKE 'actual%')
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM judged
    JOIN lineage USING (form_id, row_index)
    WHERE NOT met AND dataset = 'indicators' AND field IN ('target_text', 'actual_text')
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN counts.bad > 0 THEN 'fail'
        WHEN broken.form_id IS NOT NULL THEN 'parse_error'
        WHEN counts.compared > 0 THEN 'pass'
        WHEN present.filled THEN 'insufficient'
        ELSE 'not_applicable'
    END AS outcome,
    CASE outcome
        WHEN 'fail' THEN present.n || ' 项指标，可比 ' || compared || ' 项，' || bad || ' 项未达到，首项指标值 '
            || figure(counts.expected) || '、完成值 ' || figure(counts.actual) || ' | ' || bad || ' of ' || compared
            || ' comparable indicators miss their target, the first ' || figure(counts.actual) || ' against '
            || figure(counts.expected)
        WHEN 'parse_error' THEN '有指标值或完成值无法解析 | a target or an achievement could not be read'
        WHEN 'pass' THEN present.n || ' 项指标，可比 ' || compared || ' 项，均达到 | ' || compared || ' of '
            || present.n || ' indicators are comparable, all meet their target'
        WHEN 'insufficient' THEN '没有可比的指标 | no indicator is comparable'
        ELSE '表中没有完成值 | the form states no achievement'
    END AS message,
    counts.expected,
    counts.actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN counts ON counts.form_id = forms.form_id
LEFT JOIN present ON present.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
