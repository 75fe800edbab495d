-- name: amount_unit
-- severity: error
-- zh: 资金表注明金额单位
-- en: the money table states the unit of its amounts

-- 没有印出单位时金额留空，绝不猜测。
-- Without a printed unit the amounts stay empty; a unit is never guessed.
WITH money AS (
    SELECT
        form_id,
        bool_or(
            coalesce(initial_budget, full_year_budget, full_year_executed, period_executed, projected_executed)
            IS NOT NULL
        ) AS has_amount
    FROM funding
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM lineage
    WHERE dataset = 'funding' AND field = 'fund_source_label'
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN money.form_id IS NULL THEN 'not_applicable'
        WHEN amount_unit IS NOT NULL OR money.has_amount THEN 'pass'
        ELSE 'fail'
    END AS outcome,
    CASE outcome
        WHEN 'not_applicable' THEN '表中没有资金 | the form has no funds'
        WHEN 'pass' THEN '金额单位：' || coalesce(amount_unit, '随金额印出') || ' | unit of the amounts: '
            || coalesce(amount_unit, 'printed with each amount')
        ELSE '没有印出金额单位，金额留空 | no unit is printed; the amounts are left empty'
    END AS message,
    NULL AS expected,
    NULL AS actual,
    CASE outcome WHEN 'fail' THEN used.cells ELSE [] END AS cells
FROM forms
LEFT JOIN money ON money.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
