-- name: funding_subtotals
-- severity: warning
-- zh: 资金总额等于各来源之和
-- en: the total funds are the sum of their sources

-- 逐列（年初预算数、全年预算数、全年执行数）、分期间比较资金总额与各来源之和。
-- 各来源之间可以有从属（财政拨款之下的中央、省、市、县；地方之下的省、市、县），表中又不注明，因此下列任一种合计方式相符即可：
-- The sources may be nested (central, provincial... within fiscal; provincial... within local) and the form does not
-- say how, so any of these sums may agree:
--   flat     all sources
--   fiscal   without the parts of 财政拨款: current year, central to county
--   deep     the same, and without carry-over, government funds and state capital
--   local    without the parts of 地方资金: province, city, county
-- Blank sources are no zeros: if the rest falls short of the total, the check is insufficient.
-- Tolerance: half a unit of the last decimal digit of each number in its printed unit; whole numbers are exact.
WITH long AS (
    UNPIVOT (
        SELECT
            form_id, row_index, coalesce(horizon, 'annual') AS horizon, coalesce(fund_source, '?') AS source,
            initial_budget, full_year_budget, full_year_executed
        FROM funding
    ) ON initial_budget, full_year_budget, full_year_executed
    INTO NAME field VALUE amount
),
-- UNPIVOT drops the blanks; how many sources a table has is counted on the lines themselves
sources AS (
    SELECT form_id, coalesce(horizon, 'annual') AS horizon, count(*) AS lines
    FROM funding
    WHERE fund_source IS DISTINCT FROM 'total'
    GROUP BY ALL
),
listed AS (SELECT DISTINCT form_id FROM sources),
totals AS (
    SELECT form_id, horizon, field, arg_min(amount, row_index) AS total
    FROM long
    WHERE source = 'total'
    GROUP BY ALL
),
marked AS (
    SELECT
        long.*,
        half_unit(amount / multiplier(amount_unit)) * multiplier(amount_unit) AS slack,
        source IN ('fiscal_current', 'central', 'superior', 'provincial', 'municipal', 'county', 'local')
            AND bool_or(source = 'fiscal') OVER w AS in_fiscal,
        source IN ('carryover', 'government_fund', 'state_capital') AND bool_or(source = 'fiscal') OVER w AS in_deep,
        source IN ('provincial', 'municipal', 'county') AND bool_or(source = 'local') OVER w AS in_local
    FROM long
    JOIN forms USING (form_id)
    WHERE source <> 'total'
    WINDOW w AS (PARTITION BY long.form_id, horizon, long.field)
),
sums AS (
    SELECT
        form_id, horizon, field,
        count(*) AS filled,
        sum(slack) AS slack,
        sum(amount) AS flat,
        coalesce(sum(amount) FILTER (NOT in_fiscal), 0) AS fiscal,
        coalesce(sum(amount) FILTER (NOT in_fiscal AND NOT in_deep), 0) AS deep,
        coalesce(sum(amount) FILTER (NOT in_local), 0) AS local
    FROM marked
    GROUP BY ALL
),
compared AS (
    SELECT
        form_id, horizon, field, total,
        fiscal AS parts,
        CASE
            WHEN total IS NULL OR filled IS NULL THEN 'insufficient'
            WHEN least(abs(total - flat), abs(total - fiscal), abs(total - deep), abs(total - local))
                <= sums.slack + half_unit(total / multiplier(amount_unit)) * multiplier(amount_unit) THEN 'pass'
            WHEN filled < lines AND parts < total THEN 'insufficient'
            ELSE 'fail'
        END AS verdict,
        CASE field WHEN 'initial_budget' THEN 1 WHEN 'full_year_budget' THEN 2 ELSE 3 END AS place,
        CASE field WHEN 'initial_budget' THEN '年初预算数' WHEN 'full_year_budget' THEN '全年预算数' ELSE '全年执行数' END AS zh,
        replace(field, '_', ' ') AS en
    FROM totals
    FULL JOIN sums USING (form_id, horizon, field)
    JOIN sources USING (form_id, horizon)
    JOIN forms USING (form_id)
),
verdicts AS (
    SELECT
        form_id,
        count(*) FILTER (verdict = 'pass') AS good,
        count(*) FILTER (verdict = 'fail') AS bad,
        count(*) FILTER (verdict = 'insufficient') AS unknown,
        arg_min((zh, en, total, parts), (verdict <> 'fail', horizon, place)) AS first
    FROM compared
    GROUP BY form_id
),
broken AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM problems
    WHERE dataset = 'funding' AND field IN ('initial_budget', 'full_year_budget', 'full_year_executed')
    GROUP BY form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM (SELECT DISTINCT form_id, field FROM compared WHERE verdict = 'fail')
    JOIN lineage USING (form_id, field)
    WHERE dataset = 'funding'
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN broken.form_id IS NOT NULL THEN 'parse_error'
        WHEN listed.form_id IS NULL THEN 'not_applicable'
        WHEN bad > 0 THEN 'fail'
        WHEN good > 0 AND unknown = 0 THEN 'pass'
        ELSE 'insufficient'
    END AS outcome,
    CASE outcome
        WHEN 'parse_error' THEN '有金额无法解析 | an amount could not be read'
        WHEN 'not_applicable' THEN '表中没有分来源的资金 | the form has no funds by source'
        WHEN 'fail' THEN bad || ' 列不符，' || first[1] || '总额 ' || figure(first[3]) || ' 元、各来源合计 '
            || figure(first[4]) || ' 元 | ' || bad || ' columns do not add up, ' || first[2] || ': total '
            || figure(first[3]) || ' yuan, sources ' || figure(first[4]) || ' yuan'
        WHEN 'pass' THEN good || ' 列相符 | ' || good || ' columns add up'
        ELSE '总额或部分来源没有金额 | the total or some of its sources have no amount'
    END AS message,
    CASE WHEN outcome IN ('pass', 'fail') THEN first[4]::DOUBLE END AS expected,
    CASE WHEN outcome IN ('pass', 'fail') THEN first[3]::DOUBLE END AS actual,
    CASE outcome WHEN 'fail' THEN used.cells WHEN 'parse_error' THEN broken.cells ELSE [] END AS cells
FROM forms
LEFT JOIN listed ON listed.form_id = forms.form_id
LEFT JOIN verdicts ON verdicts.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
