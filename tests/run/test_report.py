import hashlib
import json
import os
import re
import sys
from functools import lru_cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import OutputError, StoreError
from pipeline.model.figures import Figure
from pipeline.run.behind import CAP, LONGEST
from pipeline.run.report import figures, report
from pipeline.writers import page as page_writer
from tests import browser
from tests.run.hostile import TEXTS, workspace
from tests.run.made_snapshot import make, published_rows

VENDOR = Path(page_writer.__file__).parent / "vendor"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = workspace(tmp_path_factory.mktemp("ws") / "it's [1] a=b *")
    slowest = {"20": [(3, 7.25), (4, 0.5)], "11": [(4, 9.0), (999, 99.0)]}
    for number, (run, times) in enumerate(slowest.items()):
        target = root / "runs" / run / "results.json"
        target.parent.mkdir(parents=True)
        listed = [{"document_id": f"{one:064x}", "seconds": seconds, "path": "x"} for one, seconds in times]
        target.write_text(json.dumps({"slowest": listed}))
        os.utime(target, (number, number))
    (root / "runs" / "damaged").mkdir()
    (root / "runs" / "damaged" / "results.json").write_text("{")
    return root


@lru_cache
def by_name(root: Path) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(root).figures}


def test_the_figures_are_those_of_the_rows(hostile: Path) -> None:
    found = by_name(hostile)
    forms = published_rows(hostile, "forms")
    years = {bar.label[0]: sum(bar.counts) for bar in found["coverage_fiscal_year"].bars}
    for year in {row["fiscal_year"] for row in forms}:
        label = "不明" if year is None else str(year)
        assert years[label] == sum(row["fiscal_year"] == year for row in forms)
    assert sum(years.values()) == len(forms)
    low = sum(bar.counts[2] for bar in found["coverage_form_type"].bars)
    assert low == sum(row["coverage"] < 0.9 for row in forms)
    status = {bar.label[0]: bar.counts[0] for bar in found["status"].bars}
    assert status == {"正常": len(forms), "失败": 1}
    media = {bar.label[0]: bar.counts for bar in found["media"].bars}
    assert media == {"txt": (len(forms), 0, 0, 0, 0), "doc": (0, 0, 0, 1, 0)}
    assert [bar.label for bar in found["error_code"].bars] == [("文件已损坏", "corrupt")]
    scores = {bar.label[0]: bar.counts[0] for bar in found["scores"].bars}
    assert scores["0–5"] == 1 and scores["95–100"] == 1 and scores["> 100"] == 1 and scores["100"] == 0
    rates = {bar.label[0]: bar.counts[0] for bar in found["execution_rates"].bars}
    assert rates["100 %"] == 1 and rates["0–5 %"] == 1 and rates["> 100 %"] == 1
    assert sum(rates.values()) == len(forms)
    (check,) = found["checks"].bars
    assert check.counts == (sum(number % 2 for number in range(len(forms))), 0)
    assert check.label[0] == "得分之和等于总得分"
    # the later run counts, and a file that is no longer there does not
    assert [(bar.label[0], bar.counts) for bar in found["slowest"].bars] == [
        ("区[4]/a b'4.txt", (9.0,)),
        ("区[3]/a b'3.txt", (7.25,)),
    ]


def test_every_bar_has_its_rows_and_sql_that_gives_them_all(
    hostile: Path,
) -> None:
    for figure in figures(hostile).figures:
        for bar in figure.bars:
            total = sum(bar.counts)
            if figure.name == "slowest":
                assert len(bar.behind) == 1
                continue
            with duckdb.connect() as con:
                # as it is copied out of the page
                rows = con.execute(unescape(page_writer._text(bar.sql))).fetchall()
            assert len(rows) == total, (figure.name, bar)
            assert len(bar.behind) == min(total, CAP), (figure.name, bar)
            assert all(one.path for one in bar.behind)


def test_spellings_of_one_label_are_one_bar(tmp_path: Path) -> None:
    texts = [
        "数据 来源：",
        "数据来源",
        "数据来源（说明）",
        "统计口径",
        "长" * 25,
        "第1项",
        "row.text",
        "{项}",
    ]
    form = {"form_id": "f-000", "document_id": "f" * 64}
    cells = [
        form
        | {"cell_id": f"c/{number}", "grid": 0, "row": number, "col": 0, "text": text, "role": "unmatched"}
        for number, text in enumerate(texts)
    ]
    made = make(tmp_path / "ws", {"cells": cells, "forms": [form], "documents": [form | {"paths": ["a"]}]})
    bars = by_name(made)["unmatched"].bars
    assert [(bar.counts, bar.facts[1]) for bar in bars] == [((3,), "1"), ((1,), "1")]
    with duckdb.connect() as con:
        assert {row[2] for row in con.execute(bars[0].sql).fetchall()} == set(texts[:3])
    assert {one.text for one in bars[0].behind} == set(texts[:3])


def test_the_rows_behind_name_the_cell(hostile: Path) -> None:
    found = by_name(hostile)
    shown = [one for bar in found["scores"].bars for one in bar.behind]
    assert len(shown) == len(TEXTS) + 1 and {one.place for one in shown} == {"line 1"}
    assert all(len(one.text) <= LONGEST + 1 for one in shown)
    assert {one.text for one in shown} >= {"=1+1", "000123456789012345"}


def test_many_values_are_capped_and_the_rest_is_told(tmp_path: Path) -> None:
    forms = [
        {
            "form_id": f"{number:016x}-000",
            "document_id": f"{number:064x}",
            "form_type": "x",
            "region": f"区{number // 20}",
            "coverage": 1.0,
        }
        for number in range(800)
    ]
    documents = [{"document_id": row["document_id"], "paths": ["a/b"], "size": 1} for row in forms]
    made = make(tmp_path / "ws", {"forms": forms, "documents": documents})
    figure = by_name(made)["coverage_region"]
    assert len(figure.bars) == 25 and all(bar.counts == (20, 0, 0) for bar in figure.bars)
    assert figure.left_out == ("另有 15 个值、300 项未画出", "15 more values with 300 rows are not drawn")
    assert all(len(bar.behind) == CAP for bar in figure.bars)
    assert report(made).stat().st_size < 2_000_000


class _Links(HTMLParser):
    """Collects what the page refers to and what it names."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("href", "src", "srcset", "action", "data"):
                self.links.append(value or "")
            if name == "id":
                assert value not in self.names
                self.names.add(value or "")


def test_links_stay_in_the_page_and_lead_somewhere(hostile: Path, tmp_path: Path) -> None:
    text = report(hostile, tmp_path / "r.html").read_text("utf-8")
    seen = _Links()
    seen.feed(text)
    assert seen.links and all(link.startswith("#") for link in seen.links)
    assert {link[1:] for link in seen.links} <= seen.names
    assert not seen.tags & {"img", "iframe", "link", "object", "embed", "form"}
    linked = set(re.findall(r'"link":"#?([^"]+)"', text))
    # a bar of no height needs no rows
    assert {name for name in linked if not name.startswith(("scores", "execution_rates"))} <= seen.names
    assert text == report(hostile, tmp_path / "r.html").read_text("utf-8")


def test_the_library_is_the_release_that_its_readme_names() -> None:
    readme = (VENDOR / "README.md").read_text("utf-8")
    files = sorted(VENDOR.glob("*.js"))
    assert len(files) == 2
    for file in files:
        data = file.read_bytes()
        assert hashlib.sha256(data).hexdigest() in readme
        assert b"</script" not in data.lower()
    for license in VENDOR.glob("*.LICENSE.txt"):
        assert "Permission to use, copy, modify" in license.read_text("utf-8")


def test_errors(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="guibiao run"):
        report(tmp_path / "none")
    made = make(tmp_path / "ws", {})
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"无法写入.* \| cannot be written"):
        report(made, tmp_path / "file" / "r.html")
    assert "没有" in report(made).read_text("utf-8")  # nothing published is a report, too


needs_browser = pytest.mark.skipif(
    browser.program() is None or sys.platform != "linux", reason="no Chromium here"
)


@needs_browser
def test_a_browser_shows_it_without_network_or_complaint(hostile: Path, tmp_path: Path) -> None:
    target = report(hostile, tmp_path / "r.html")
    drawn = {name for name, figure in by_name(hostile).items() if figure.bars}
    with browser.Browser() as chromium:
        for width, dark in ((390, False), (390, True), (1280, False)):
            chromium.open(target, width=width, dark=dark)
            assert chromium.requests == [target.as_uri()]
            assert chromium.complaints == []
            assert chromium.run("document.title").startswith("归表报告")
            assert chromium.run("document.documentElement.scrollWidth") == width
            charts = chromium.run(
                "[...document.querySelectorAll('.chart')].filter(box => box.querySelector('svg a rect'))"
                ".map(box => box.dataset.chart)"
            )
            assert set(charts) == drawn
            wide = chromium.run(
                "[...document.querySelectorAll('.chart svg, section, .tile')].filter(one => "
                f"one.getBoundingClientRect().right > {width} + 1).length"
            )
            assert wide == 0
            colours = chromium.run(
                "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
            )
            light = [sum(map(int, re.findall(r"\d+", one)[:3])) > 382 for one in colours]
            assert light == [not dark, dark]


@needs_browser
def test_a_bar_opens_its_rows(hostile: Path, tmp_path: Path) -> None:
    target = report(hostile, tmp_path / "r.html")
    with browser.Browser() as chromium:
        chromium.open(target, width=390)
        bar = "document.querySelector('[data-chart=checks] svg a')"
        assert chromium.run("document.querySelectorAll('.behind[open]').length") == 0
        chromium.run(f"{bar}.dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))")
        chromium.run("new Promise(done => setTimeout(done, 300))")
        assert chromium.run("[...document.querySelectorAll('.behind[open]')].map(one => one.id)") == [
            "checks-0"
        ]
        shown = chromium.run("document.querySelector('#checks-0 td').textContent")
        assert shown.startswith("区[")
        # every row is opened: the widest text must not widen the page
        chromium.run("document.querySelectorAll('details').forEach(one => { one.open = true; })")
        assert chromium.run("document.documentElement.scrollWidth") == 390
        assert chromium.complaints == []
        chromium.open(target, width=1280, fragment="#status-0")
        assert chromium.run("document.getElementById('status-0').open") is True
