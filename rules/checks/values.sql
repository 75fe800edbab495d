-- name: values
-- severity: error
-- zh: 所有填写的值都能解析
-- en: every printed value could be read

-- 一格里有几个值的指标值、完成值按文字保留，只作说明，不算错误。
-- A target or a result of several values in one cell is kept as text: said, and no error.
WITH several AS (
    SELECT form_id, count(*) AS n, list(DISTINCT cell_id) FILTER (cell_id <> '') AS cells
    FROM problems
    WHERE kind = 'several'
    GROUP BY form_id
),
broken AS (
    SELECT
        form_id,
        count(*) AS n,
        arg_min(field, (dataset, row_index, field, cell_id)) AS field,
        arg_min(text, (dataset, row_index, field, cell_id)) AS text,
        list(DISTINCT cell_id) FILTER (cell_id <> '') AS cells
    FROM (
        SELECT form_id, dataset, coalesce(row_index, -1) AS row_index, field, coalesce(cell_id, '') AS cell_id, text
        FROM problems
        WHERE kind IS DISTINCT FROM 'several'
    )
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE WHEN broken.n > 0 THEN 'parse_error' ELSE 'pass' END AS outcome,
    CASE outcome
        WHEN 'pass' THEN CASE
            WHEN several.n > 0 THEN '没有无法解析的值；' || several.n || ' 格有几个值，按文字保留 | every value could be read; '
                || several.n || ' cells say several values and are kept as text'
            ELSE '没有无法解析的值 | every value could be read'
        END
        ELSE broken.n || ' 个值无法解析，首个为 ' || broken.field || '“' || coalesce(broken.text, '') || '” | ' || broken.n
            || ' values could not be read, the first is ' || broken.field || ' "' || coalesce(broken.text, '') || '"'
    END AS message,
    NULL AS expected,
    NULL AS actual,
    CASE outcome WHEN 'pass' THEN several.cells ELSE broken.cells END AS cells
FROM forms
LEFT JOIN several ON several.form_id = forms.form_id
LEFT JOIN broken ON broken.form_id = forms.form_id
