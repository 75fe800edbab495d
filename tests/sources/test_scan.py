import hashlib
import io
import os
import socket
import sys
import zipfile
from pathlib import Path

import made_files as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import SourceError
from pipeline.model import Source
from pipeline.sources import Limits, Refusal, Scan


def scan(*inputs: Path, limits: Limits | None = None, skip: tuple[Path, ...] = ()):
    """Return (sources by path, refusals by path, the scan), after exhaustion."""
    scanned = Scan(inputs, limits=limits, skip=skip)
    sources: dict[str, Source] = {}
    refusals: dict[str, Refusal] = {}
    for found in scanned:
        if isinstance(found, Refusal):
            assert found.path not in refusals
            refusals[found.path] = found
        else:
            assert found.paths[0] not in sources
            assert hashlib.sha256(found.data).hexdigest() == found.document_id
            assert found.size == len(found.data)
            sources[found.paths[0]] = found
    return sources, refusals, scanned


def put(root: Path, files: dict[str, bytes]) -> None:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def test_files_come_sorted_with_paths_below_the_root(tmp_path: Path) -> None:
    put(tmp_path, {"b/2.txt": b"2", "b/10.txt": b"10", "a.txt": b"a", "c/d/e.txt": b"e", "B.txt": b"B"})
    sources, refusals, _ = scan(tmp_path)
    assert list(sources) == ["B.txt", "a.txt", "b/10.txt", "b/2.txt", "c/d/e.txt"]
    assert not refusals


def test_the_same_content_comes_once_with_all_its_paths(tmp_path: Path) -> None:
    put(
        tmp_path,
        {"z.txt": b"same", "a/x.doc": b"same", "m.zip": made.zipped({"in/y.txt": b"same", "o.txt": b"o"})},
    )
    sources, _, scanned = scan(tmp_path)
    assert list(sources) == ["a/x.doc", "m.zip!o.txt"]
    assert scanned.paths[hashlib.sha256(b"same").hexdigest()] == ("a/x.doc", "m.zip!in/y.txt", "z.txt")


def test_a_file_is_known_by_its_name(tmp_path: Path) -> None:
    put(tmp_path, {"2020/表.txt": b"x"})
    assert list(scan(tmp_path / "2020" / "表.txt")[0]) == ["表.txt"]


def test_several_inputs_are_told_apart_by_as_many_folders_as_it_takes(tmp_path: Path) -> None:
    put(tmp_path, {"a/2020/x.txt": b"1", "b/2020/x.txt": b"2", "c/y.txt": b"3", "b/2020/in/z.txt": b"4"})
    inputs = [tmp_path / "b/2020", tmp_path / "a/2020", tmp_path / "c/y.txt", tmp_path / "b/2020/in"]
    sources, _, _ = scan(*inputs, tmp_path / "c/y.txt")
    assert list(sources) == ["b/2020/in/z.txt", "b/2020/x.txt", "a/2020/x.txt", "y.txt"]


def test_an_input_that_does_not_exist_stops_the_call_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        Scan([tmp_path, tmp_path / "nowhere"])
    assert caught.value.code == "not_found"
    assert "nowhere" in str(caught.value)


def test_litter_and_the_workspace_are_left_out_and_counted(tmp_path: Path) -> None:
    names = [
        "Thumbs.db",
        ".DS_Store",
        "~$表.doc",
        "__MACOSX/._a.doc",
        "sub/desktop.ini",
        ".~lock.x.odt#",
        "data/x",
    ]
    put(tmp_path, {name: b"j" for name in names} | {"real.txt": b"r"})
    put(tmp_path, {"m.zip": made.zipped({"__MACOSX/._b.doc": b"j", "b.doc": b"b"})})
    sources, _, scanned = scan(tmp_path, skip=(tmp_path / "data",))
    assert list(sources) == ["m.zip!b.doc", "real.txt"]
    notices = "\n".join(scanned.notices)
    assert "7 system or temporary files" in notices
    assert "m.zip!__MACOSX/._b.doc" in notices or "…" in notices
    assert "1 output folders" in notices


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX links and special files")
def test_links_do_not_lead_out_nor_in_circles_and_special_files_are_not_opened(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    put(tmp_path, {"in/sub/a.txt": b"a", "out/secret.txt": b"s"})
    (inside / "loop").symlink_to(inside)
    (inside / "sub" / "up").symlink_to(inside / "sub" / "up")
    (inside / "leak.txt").symlink_to(outside / "secret.txt")
    (inside / "leak").symlink_to(outside)
    (inside / "same.txt").symlink_to(inside / "sub" / "a.txt")
    os.mkfifo(inside / "pipe.doc")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(inside)
        server.bind("socket.doc")
        sources, refusals, scanned = scan(inside)
    assert list(sources) == ["same.txt"]
    assert list(scanned.paths.values()) == [("same.txt", "sub/a.txt")]
    assert not refusals
    assert any(line.startswith("4 ") and "links" in line for line in scanned.notices)
    assert any(line.startswith("2 ") and "special" in line for line in scanned.notices)


@pytest.mark.skipif(sys.platform != "linux", reason="names in bytes")
def test_names_of_the_disk_in_another_encoding_are_readable(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/" + "学校资料".encode("gbk")
    os.mkdir(folder)  # noqa: PTH102
    with open(folder + b"/" + "自评表.txt".encode("gbk"), "wb") as file:  # noqa: PTH123
        file.write(b"x")
    (path,) = scan(tmp_path)[0]
    assert path == "学校资料/自评表.txt"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.txt": b"a", "b.txt": b"b"})
    (tmp_path / "a.txt").chmod(0)
    sources, refusals, _ = scan(tmp_path)
    assert list(sources) == ["b.txt"]
    assert refusals["a.txt"].error.code == "unreadable"


def test_an_unreadable_folder_or_file_is_refused_and_the_scan_goes_on(tmp_path: Path, monkeypatch) -> None:
    put(tmp_path, {"a/x.txt": b"x", "b.txt": b"b", "c.txt": b"c"})
    real_scandir, real_open = os.scandir, Path.open

    def scandir(path):
        if Path(path).name == "a":
            raise PermissionError(13, "Permission denied")
        return real_scandir(path)

    def open_file(self, *args, **kwargs):
        if self.name == "b.txt":
            raise PermissionError(13, "Permission denied")
        return real_open(self, *args, **kwargs)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "open", open_file)
    sources, refusals, scanned = scan(tmp_path)
    assert list(sources) == ["c.txt"]
    assert {path: refusal.error.code for path, refusal in refusals.items()} == {
        "a": "unreadable",
        "b.txt": "unreadable",
    }
    assert len(scanned.paths) == 3
    assert not refusals["a"].hashed


def test_a_zero_byte_file_is_a_source_that_its_reader_refuses(tmp_path: Path) -> None:
    put(tmp_path, {"empty.doc": b""})
    sources, _, _ = scan(tmp_path)
    assert sources["empty.doc"].media_type == "application/x-empty"


def test_a_document_over_the_limit_is_refused_with_its_hash(tmp_path: Path) -> None:
    put(tmp_path, {"big.txt": b"x" * 2000, "ok.txt": b"x" * 1000})
    sources, refusals, _ = scan(tmp_path, limits=Limits(file_size=1500))
    assert list(sources) == ["ok.txt"]
    refusal = refusals["big.txt"]
    assert (refusal.error.code, refusal.size, refusal.hashed) == ("too_large", 2000, True)
    assert refusal.document_id == hashlib.sha256(b"x" * 2000).hexdigest()


def test_lies_pass_as_what_they_are(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "a.doc": "<html><table><tr><td>绩效</td></tr></table></html>".encode("gbk"),
            "b.doc": made.docx(),
            "c.xls": made.xlsx(),
            "d.txt": "\t项目名称\n\t学校\n".encode("gb18030"),
            "e.docx": made.compound(("EncryptedPackage", b"")),
            "f.doc": made.zipped({"真.doc": made.word()}),
        },
    )
    sources, _, _ = scan(tmp_path)
    kinds = {path: source.media_type.rsplit(".", 1)[-1] for path, source in sources.items()}
    assert kinds == {
        "a.doc": "text/html",
        "b.doc": "document",
        "c.xls": "sheet",
        "d.txt": "text/plain",
        "e.docx": "application/encrypted-ooxml",
        "f.doc!真.doc": "application/msword",
    }


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text(st.sampled_from("ab预算"), min_size=1, max_size=3), st.binary(max_size=8), max_size=6
    )
)
def test_every_file_ends_in_exactly_one_list_of_paths(tmp_path_factory, files: dict[str, bytes]) -> None:
    root = tmp_path_factory.mktemp("scan")
    put(root, {f"{name}.txt": data for name, data in files.items()})
    _, _, scanned = scan(root)
    listed = [path for paths in scanned.paths.values() for path in paths]
    assert sorted(listed) == sorted(f"{name}.txt" for name in files)
    assert len(scanned.paths) == len(set(files.values()))


def test_two_scans_give_the_same_in_the_same_order(tmp_path: Path) -> None:
    put(tmp_path, {f"{i % 7}/{i}.txt": bytes([i % 5]) for i in range(40)})
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for i in range(20):
            archive.writestr(f"{i}.txt", bytes([i]))
    put(tmp_path, {"m.zip": held.getvalue()})
    first, second = scan(tmp_path), scan(tmp_path)
    assert list(first[0].items()) == list(second[0].items())
    assert first[2].paths == second[2].paths
