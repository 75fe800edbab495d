-- name: values
-- severity: error
-- zh: 所有填写的值都能解析
-- en: every printed value could be read

WITH broken AS (
    SELECT
        form_id,
        count(*) AS n,
        arg_min(field, (dataset, row_index, field, cell_id)) AS field,
        arg_min(text, (dataset, row_index, field, cell_id)) AS text,
        list(DISTINCT cell_id) FILTER (cell_id <> '') AS cells
    FROM (
        SELECT form_id, dataset, coalesce(row_index, -1) AS row_index, field, coalesce(cell_id, '') AS cell_id, text
        FROM problems
    )
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE WHEN broken.n > 0 THEN 'parse_error' ELSE 'pass' END AS outcome,
    CASE outcome
        WHEN 'pass' THEN '没有无法解析的值 | every value could be read'
        ELSE n || ' 个值无法解析，首个为 ' || broken.field || '“' || coalesce(broken.text, '') || '” | ' || n
            || ' values could not be read, the first is ' || broken.field || ' "' || coalesce(broken.text, '') || '"'
    END AS message,
    NULL AS expected,
    NULL AS actual,
    broken.cells
FROM forms
LEFT JOIN broken ON broken.form_id = forms.form_id
