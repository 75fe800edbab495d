"""Every lie at once, through the command: right status, code and words, and the good documents untouched."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import SOURCE_CODES
from pipeline.readers import libreoffice
from tests import lies
from tests.published import rows

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and sockets")
DATASETS = ("forms", "funding", "indicators", "checks", "cells", "lineage")


class Run:
    """One call of the command and what it published."""

    def __init__(self, folder: Path, workspace: Path) -> None:
        self.workspace = workspace
        self._read: dict[str, list[dict[str, Any]]] = {}
        command = [sys.executable, "-m", "pipeline.cli", "run", str(folder), "--to", str(workspace)]
        environment = os.environ | {"PYTHONUTF8": "1", "COLUMNS": "200"}
        self.done = subprocess.run(
            command, capture_output=True, text=True, env=environment, encoding="utf-8", timeout=300
        )
        self.documents: dict[str, dict[str, Any]] = {
            path: row for row in rows(workspace, "documents") for path in row["paths"]
        }

    def of(self, path: str, *datasets: str) -> dict[str, list[dict[str, Any]]]:
        """Return the rows of one document."""
        own = self.documents[path]["document_id"]
        forms = {row["form_id"] for row in self.rows("forms") if row["document_id"] == own}
        return {
            name: [
                row for row in self.rows(name) if row.get("document_id") == own or row.get("form_id") in forms
            ]
            for name in datasets or DATASETS
        }

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        """Return the rows of a dataset."""
        if dataset not in self._read:
            self._read[dataset] = rows(self.workspace, dataset)
        return self._read[dataset]


@pytest.fixture(scope="module")
def lied(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("lies") / "archive"
    folder.mkdir()
    lies.archive(folder)
    return Run(folder, folder.parent / "out")


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same contents under their true names, nothing bad beside them."""
    folder = tmp_path_factory.mktemp("honest") / "archive"
    lies.write_good(folder)
    lies.write(folder, {f"true/{name}": lies.whole(name) for name in lies.MISNAMED.values()})
    lies.write(
        folder,
        {"two_levels.txt": lies.whole("two_levels.txt"), "many_rows.html": lies.whole("many_rows.html")},
    )
    return Run(folder, folder.parent / "out")


def test_the_exit_codes_tell_whether_something_failed(lied: Run, honest: Run) -> None:
    assert lied.done.returncode == 1, lied.done.stderr
    assert honest.done.returncode == 0, honest.done.stderr
    assert "Traceback" not in lied.done.stderr + lied.done.stdout


@pytest.mark.parametrize("name", lies.GOOD)
def test_good_documents_beside_bad_ones_give_the_same_rows(lied: Run, honest: Run, name: str) -> None:
    path = f"good/{name}"
    assert lied.documents[path]["status"] == "ok" and lied.documents[path]["form_count"] == 1
    assert lied.of(path) == honest.of(path)


@pytest.mark.parametrize(("path", "name"), lies.MISNAMED.items())
def test_a_file_under_a_wrong_name_is_read_as_what_it_is(
    lied: Run, honest: Run, path: str, name: str
) -> None:
    told, true = lied.documents[path], honest.documents[f"true/{name}"]
    assert {**told, "paths": 0} == {**true, "paths": 0} and told["status"] == "ok"
    assert lied.of(path) == honest.of(f"true/{name}")


def bare(found: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """Return rows without what names their document."""
    gone = {"form_id", "document_id"}
    return {
        name: [{k: v for k, v in row.items() if k not in gone} for row in own] for name, own in found.items()
    }


def test_a_web_archive_named_doc_gives_the_rows_of_its_page(lied: Run, honest: Run) -> None:
    told = lied.documents["lies/单文件网页.doc"]
    assert (told["status"], told["media_type"], told["reader"]) == ("ok", "multipart/related", "mht/1")
    tables = ("forms", "funding", "indicators")
    assert bare(lied.of("lies/单文件网页.doc", *tables)) == bare(honest.of("many_rows.html", *tables))


@pytest.mark.parametrize("path", lies.recoded())
def test_a_text_in_any_encoding_gives_the_rows_of_the_utf8_one(lied: Run, honest: Run, path: str) -> None:
    assert (lied.documents[path]["status"], lied.documents[path]["media_type"]) == ("ok", "text/plain")
    tables = ("forms", "funding", "indicators")
    assert bare(lied.of(path, *tables)) == bare(honest.of("two_levels.txt", *tables))


def test_a_text_in_big5_is_read(lied: Run) -> None:
    assert lied.documents["recoded/big5.txt"]["status"] in ("ok", "no_form")
    texts = {cell["text"] for cell in lied.of("recoded/big5.txt", "cells")["cells"]}
    assert {"項目名稱", "農村飲水安全工程", "主管部門", "教育局"} <= texts


def test_a_book_with_excels_default_password_is_no_locked_book(lied: Run) -> None:
    told = lied.documents["lies/默认口令.xls"]
    assert (told["status"] in ("ok", "no_form"), told["error_code"], told["reader"]) == (True, None, "xls/2")
    assert len(lied.of("lies/默认口令.xls", "cells")["cells"]) > 20


def test_rtf_named_doc_goes_to_libreoffice_or_names_it(lied: Run) -> None:
    told = lied.documents["lies/写字板.doc"]
    assert told["media_type"] == "application/rtf"
    if libreoffice.find() is None:
        assert (told["status"], told["error_code"]) == ("failed", "needs_libreoffice")
        assert "apt install libreoffice" in told["error_message"]
    else:
        assert (told["status"], told["reader"]) == ("no_form", "office/1")
        assert {"项目支出绩效自评表", "12.5"} <= {
            c["text"] for c in lied.of("lies/写字板.doc", "cells")["cells"]
        }


def test_names_in_gbk_and_the_same_content_at_two_paths(lied: Run) -> None:
    members = [f"lies/压缩.zip!{name}" for name in lies.GBK_MEMBERS]
    twice = lied.documents["good/model_2020.txt"]["paths"]
    assert twice == ["good/model_2020.txt", members[0], "odd/inside.txt"]
    assert lied.documents[members[1]]["status"] == "ok"


EXPECTED = {
    **dict.fromkeys(lies.locked(), "encrypted"),
    "empty/空.doc": "empty_file",
    "empty/空.zip": "empty_file",
    "empty/zeros.doc": "corrupt",
    "bombs/十个G.zip": "too_large",
    "bombs/十个G.txt.gz": "too_large",
    "bombs/炸弹.docx": "too_large",
    "bombs/谎报大小.zip!0.doc": "corrupt",
    "bombs/谎报大小.zip!1.doc": "corrupt",
    **dict.fromkeys((path for path in lies.cut_files() if not path.endswith(".html")), "truncated"),
}


@pytest.mark.parametrize(("path", "code"), EXPECTED.items())
def test_what_cannot_be_read_fails_with_its_code_and_words(lied: Run, path: str, code: str) -> None:
    row = lied.documents[path]
    assert (row["status"], row["error_code"], row["form_count"], row["reader"]) == ("failed", code, 0, None)
    what_zh, cure_zh, what_en, cure_en = SOURCE_CODES[code]
    for words in (row["paths"][0], what_zh, cure_zh, what_en, cure_en):
        assert words in row["error_message"]
    assert "\n" not in row["error_message"] and len(row["error_message"]) < 500


def test_nothing_else_fails_and_every_code_is_printed(lied: Run) -> None:
    failed = {path for path, row in lied.documents.items() if row["status"] in ("failed", "quarantined")}
    allowed = {"lies/写字板.doc"} if libreoffice.find() is None else set()
    assert failed - allowed == set(EXPECTED)
    for code in set(EXPECTED.values()):
        assert f"{code} (" in lied.done.stdout


@pytest.mark.parametrize("place", range(1, lies.CUTS + 1))
def test_a_page_that_is_cut_off_is_read_as_far_as_it_goes(lied: Run, place: int) -> None:
    row = lied.documents[f"cut/html{place:02}.html"]
    assert (row["status"], row["error_code"]) == ("partial", "partial")
    assert row["error_message"].startswith(f"cut/html{place:02}.html: ") and "cut off" in row["error_message"]


def test_loops_and_special_files_are_left_out_and_told(lied: Run) -> None:
    notes = [line for line in lied.done.stdout.splitlines() if line.startswith("提示")]
    assert any(
        "odd/itself, odd/loop, odd/outside.txt" in line and "links not followed" in line for line in notes
    )
    assert any("odd/pipe.doc, odd/socket.doc" in line and "special files" in line for line in notes)
    assert not any(path.startswith("odd/") for path in lied.documents if path != "odd/inside.txt")
