-- name: title_year
-- severity: error
-- zh: 标题中的年份等于所在分区的年度
-- en: the year in the title is the year of the partition

-- 看标题以及给出年度的单元格；全角数字与“二〇二〇”也认。标题写明起止年份时，年度应是其中之一。
-- The title and the cells that gave the year; full-width and Chinese digits count. Of several years one must agree.
WITH sources AS (
    SELECT form_id, title AS text, true AS in_title FROM forms WHERE title IS NOT NULL
    UNION ALL
    SELECT lineage.form_id, cells.text, false
    FROM lineage
    JOIN cells USING (cell_id)
    WHERE lineage.dataset = 'forms' AND lineage.field = 'fiscal_year'
),
-- twice, because 2020一般 must not become 20201 and 二〇二〇 is a year too
spelled AS (
    SELECT form_id, in_title, translate(text, '０１２３４５６７８９', '0123456789') AS text FROM sources
    UNION ALL
    SELECT
        form_id, in_title,
        translate(text, '０１２３４５６７８９〇○Ｏ零一二三四五六七八九', '01234567890000123456789')
    FROM sources
),
numbers AS (
    SELECT form_id, in_title, unnest(regexp_extract_all(text, '[0-9]+')) AS number FROM spelled
),
years AS (
    SELECT form_id, number::INTEGER AS year, in_title
    FROM numbers
    WHERE length(number) = 4 AND (number LIKE '19%' OR number LIKE '20%')
    -- the title decides; what stands elsewhere counts only where the title names no year
    QUALIFY in_title OR NOT bool_or(in_title) OVER (PARTITION BY form_id)
),
found AS (
    SELECT
        years.form_id,
        bool_or(year = fiscal_year) AS agrees,
        min(year) AS first_year,
        string_agg(DISTINCT year::VARCHAR, '、' ORDER BY year::VARCHAR) AS printed
    FROM years
    JOIN forms USING (form_id)
    GROUP BY years.form_id
),
used AS (
    SELECT form_id, list(DISTINCT cell_id) AS cells
    FROM lineage
    WHERE dataset = 'forms' AND field IN ('title', 'fiscal_year')
    GROUP BY form_id
)
SELECT
    forms.form_id,
    CASE
        WHEN found.form_id IS NULL OR fiscal_year IS NULL THEN 'insufficient'
        WHEN found.agrees THEN 'pass'
        ELSE 'fail'
    END AS outcome,
    CASE
        WHEN outcome <> 'insufficient' THEN '标题年份 ' || found.printed || '，年度 ' || fiscal_year
            || ' | the title says ' || found.printed || ', the fiscal year is ' || fiscal_year
        WHEN found.form_id IS NOT NULL THEN '标题年份 ' || found.printed || '，年度未读出 | the title says '
            || found.printed || ', the fiscal year is unknown'
        ELSE '标题中没有年份 | the title names no year'
    END AS message,
    CASE WHEN found.agrees THEN fiscal_year ELSE found.first_year END AS expected,
    fiscal_year AS actual,
    CASE outcome WHEN 'fail' THEN used.cells ELSE [] END AS cells
FROM forms
LEFT JOIN found ON found.form_id = forms.form_id
LEFT JOIN used ON used.form_id = forms.form_id
