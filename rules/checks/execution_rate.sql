-- name: execution_rate
-- severity: warning
-- zh: 执行率等于执行数除以预算数
-- en: the execution rate is executed over budget

-- 逐行：执行率 = 全年执行数 ÷ 全年预算数；监控表：期间执行率 = 期间执行数 ÷ 预算数。
-- Tolerance: half a unit of the last digit of the percentage (99% allows 0.5 points, 99.5% allows 0.05), plus what
-- the rounding of the two amounts in their printed unit can move the quotient.
WITH lines AS (
    SELECT
        form_id, row_index, 'execution_rate' AS field,
        execution_rate AS rate, full_year_executed AS executed, full_year_budget AS budget
    FROM funding
    UNION ALL
    SELECT
        form_id, row_index, 'period_execution_rate',
        period_execution_rate, period_executed, coalesce(full_year_budget, initial_budget)
    FROM funding
),
computed AS (
    SELECT lines.*, executed::DOUBLE / budget::DOUBLE AS quotient, multiplier(amount_unit)::DOUBLE AS scale
    FROM lines
    JOIN forms USING (form_id)
    WHERE rate IS NOT NULL AND executed IS NOT NULL AND budget IS NOT NULL AND budget <> 0
),
judged AS (
    SELECT
        *,
        abs(rate - quotient) > 1e-9
            + CASE WHEN half_unit(rate * 100) = 0 THEN 0.5 ELSE half_unit(rate * 100)::DOUBLE END / 100
            + (half_unit(executed / scale)::DOUBLE + abs(quotient) * half_unit(budget / scale)::DOUBLE) * scale
                / abs(budget::DOUBLE) AS off
    FROM computed
),
counts AS (
    SELECT
        form_id,
        count(*) AS compared,
        count(*) FILTER (off) AS bad,
        coalesce(arg_min(round(quotient, 6), (row_index, field)) FILTER (off), arg_min(round(quotient, 6), (row_index, field)))
            AS expected,
        coalesce(arg_min(rate, (row_index, field)) FILTER (off), arg_min(rate, (row_index, field))) AS actual
    FROM judged
    GROUP BY form_id
),
present AS (
    SELECT form_id, bool_or(rate IS NOT NULL OR executed IS NOT NULL) AS filled FROM lines GROUP BY form_id
),
broken AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM problems
    WHERE dataset = 'funding' AND field IN (
        'execution_rate', 'full_year_executed', 'full_year_budget', 'period_execution_rate', 'period_executed'
    )
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM judged
    JOIN lineage USING (form_id, row_index)
    WHERE off AND dataset = 'funding' AND lineage.field IN (
        judged.field,
        CASE judged.field WHEN 'execution_rate' THEN 'full_year_executed' ELSE 'period_executed' END,
        'full_year_budget'
    )
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
        WHEN 'fail' THEN bad || ' 行执行率不符，首行印 ' || percent(counts.actual) || '，算得 '
            || percent(counts.expected) || ' | ' || bad || ' rates do not fit, the first says '
            || percent(counts.actual) || ', computed ' || percent(counts.expected)
        WHEN 'parse_error' THEN '有执行率或金额无法解析 | a rate or an amount could not be read'
        WHEN 'pass' THEN compared || ' 行执行率相符 | ' || compared || ' rates fit'
        WHEN 'insufficient' THEN '没有执行率、执行数、预算数齐全的行 | no line has rate, executed and budget'
        ELSE '表中没有执行情况 | the form states no execution'
    END AS message,
    counts.expected,
    counts.actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN counts ON counts.form_id = forms.form_id
LEFT JOIN present ON present.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
