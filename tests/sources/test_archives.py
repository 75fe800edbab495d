import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import tracemalloc
import zlib
from pathlib import Path

import made_files as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_scan import scan

from pipeline.errors import SourceError
from pipeline.sources import Limits, Scan
from pipeline.sources.names import decode_names

SMALL = Limits(ratio_floor=1 << 20, file_size=1 << 20)


def one(tmp_path: Path, name: str, data: bytes, limits: Limits | None = None):
    """Return (paths of sources, refusals by path, scan) of a folder that holds one file."""
    (tmp_path / name).write_bytes(data)
    sources, refusals, scanned = scan(tmp_path, limits=limits)
    return list(sources), refusals, scanned


def tar_bytes(files: dict[str, bytes], mode: str = "w") -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return held.getvalue()


def codes(refusals) -> dict[str, str]:
    return {path: refusal.error.code for path, refusal in refusals.items()}


GBK_NAMES = ["学校/自评表.doc", "学习.txt", "小学", "2020年度项目支出绩效自评表（汇总）.xls", "效应.txt"]


@pytest.mark.parametrize("encoding", ["gbk", "utf-8", "big5"])
def test_zip_names_without_a_flag_are_recognised(tmp_path: Path, encoding: str) -> None:
    names = GBK_NAMES if encoding != "big5" else ["學校/自評表.doc", "預算績效目標表.xls", "財政局.txt"]
    data = made.raw_zip([(name.encode(encoding), name.encode()) for name in names])
    sources, refusals, _ = one(tmp_path, "m.zip", data)
    assert sources == [f"m.zip!{name}" for name in names]
    assert not refusals


def test_one_ambiguous_name_alone_is_chinese(tmp_path: Path) -> None:
    assert decode_names(["学校".encode("gbk")]) == ["学校"]
    assert decode_names(["学校".encode()]) == ["学校"]
    assert one(tmp_path, "m.zip", made.raw_zip([("学校/学习".encode("gbk"), b"x")]))[0] == ["m.zip!学校/学习"]


def test_flagged_and_extra_field_names_win_over_guessing(tmp_path: Path) -> None:
    raw = b"\xb1\xed.doc"
    told = "表〔2020〕.doc".encode()
    field = struct.pack("<BI", 1, zlib.crc32(raw)) + told
    extra = struct.pack("<HH", 0x7075, len(field)) + field
    assert one(tmp_path, "m.zip", made.raw_zip([(raw, b"x")], extra=extra))[0] == ["m.zip!表〔2020〕.doc"]
    stale = struct.pack("<BI", 1, zlib.crc32(raw) ^ 1) + told
    extra = struct.pack("<HH", 0x7075, len(stale)) + stale
    assert one(tmp_path, "m.zip", made.raw_zip([(raw, b"x")], extra=extra))[0] == ["m.zip!表.doc"]
    assert one(tmp_path, "m.zip", made.raw_zip([("Ü.doc".encode(), b"x")], flags=0x800))[0] == ["m.zip!Ü.doc"]


def test_names_of_members_are_only_names(tmp_path: Path) -> None:
    members = [
        (b"../../evil.txt", b"1"),
        (b"C:\\x\\a.txt", b"2"),
        (b"same", b"3"),
        (b"same", b"4"),
        (b"a\nb", b"5"),
    ]
    sources, _, _ = one(tmp_path, "m.zip", made.raw_zip(members))
    expected = ["../../evil.txt", "C:/x/a.txt", "same", "same#2", "a\ufffdb"]
    assert sources == [f"m.zip!{name}" for name in expected]
    assert [path.name for path in tmp_path.rglob("*")] == ["m.zip"]
    assert not (tmp_path.parents[1] / "evil.txt").exists()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.tar", tar_bytes({"x/表.txt": b"1"})),
        ("a.tar.gz", tar_bytes({"x/表.txt": b"1"}, "w:gz")),
        ("a.tgz", tar_bytes({"x/表.txt": b"1"}, "w:gz")),
        ("a.tar.bz2", tar_bytes({"x/表.txt": b"1"}, "w:bz2")),
        ("a.tar.xz", tar_bytes({"x/表.txt": b"1"}, "w:xz")),
        ("a.zip", made.zipped({"x/表.txt": b"1"})),
        ("lie.doc", made.zipped({"x/表.txt": b"1"})),
    ],
)
def test_archives_of_every_kind_give_their_members(tmp_path: Path, name: str, data: bytes) -> None:
    sources, refusals, _ = one(tmp_path, name, data)
    assert sources == [f"{name}!x/表.txt"]
    assert not refusals


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_packed_single_file_is_one_member(tmp_path: Path, pack) -> None:
    assert one(tmp_path, "表.txt.gz", pack("\t绩效\n".encode()))[0] == ["表.txt.gz!表.txt"]


def test_tar_names_in_gbk_links_and_devices(tmp_path: Path) -> None:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w", format=tarfile.GNU_FORMAT, encoding="gbk") as archive:
        info = tarfile.TarInfo("学校/自评表.txt")
        info.size = 1
        archive.addfile(info, io.BytesIO(b"x"))
        link = tarfile.TarInfo("out.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        device = tarfile.TarInfo("null")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    sources, refusals, scanned = one(tmp_path, "a.tar", held.getvalue())
    assert sources == ["a.tar!学校/自评表.txt"]
    assert not refusals
    assert len(scanned.notices) == 2


def test_archives_in_archives_are_read_to_a_depth(tmp_path: Path) -> None:
    data = b"deep"
    name = "x.txt"
    for level in range(6):
        data, name = made.zipped({name: data, f"at{level}.txt": b"%d" % level}), f"{level}.zip"
    sources, refusals, _ = one(tmp_path, "a.zip", data)
    assert sources == [
        "a.zip!4.zip!3.zip!2.zip!1.zip!at1.txt",
        "a.zip!4.zip!3.zip!2.zip!at2.txt",
        "a.zip!4.zip!3.zip!at3.txt",
        "a.zip!4.zip!at4.txt",
        "a.zip!at5.txt",
    ]
    assert codes(refusals) == {"a.zip!4.zip!3.zip!2.zip!1.zip!0.zip": "too_large"}


def zip_bomb(size: int, members: int = 1) -> bytes:
    """Return a ZIP of members of zeros of this size each, made without holding the zeros."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(1 << 20)
    packed, crc = b"", 0
    for _ in range(size >> 20):
        packed += packer.compress(piece)
        crc = zlib.crc32(piece, crc)
    packed += packer.flush()
    body, directory = b"", b""
    for number in range(members):
        name = b"%d.doc" % number
        common = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x21, crc, len(packed), size, len(name), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 20) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\x03\x04" + common + name + packed
    end = struct.pack("<HHHHIIH", 0, 0, members, members, len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def peak_of_scan(tmp_path: Path, limits: Limits | None):
    tracemalloc.start()
    try:
        sources, refusals, _ = scan(tmp_path, limits=limits)
        return sources, refusals, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_zip_bomb_is_refused_by_what_it_declares(tmp_path: Path) -> None:
    (tmp_path / "bomb.zip").write_bytes(zip_bomb(40 << 20, members=40))
    sources, refusals, peak = peak_of_scan(tmp_path, None)
    assert not sources
    assert codes(refusals) == {"bomb.zip": "too_large"}
    assert "bomb.zip" in refusals["bomb.zip"].error.message("bomb.zip")
    assert peak < 20 << 20


def test_a_zip_bomb_that_lies_about_its_size_costs_what_it_declares(tmp_path: Path) -> None:
    (tmp_path / "lie.zip").write_bytes(made.raw_zip([(b"a.doc", bytes(32 << 20))], declared=1000))
    sources, refusals, peak = peak_of_scan(tmp_path, SMALL)
    assert not sources
    assert codes(refusals) == {"lie.zip!a.doc": "corrupt"}
    assert peak < 8 << 20


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_packed_bombs_stop_early(tmp_path: Path, pack) -> None:
    (tmp_path / "bomb.gz").write_bytes(pack(bytes(32 << 20)))
    (tmp_path / "bomb.tgz").write_bytes(pack(tar_bytes({"a.doc": bytes(32 << 20)})))
    sources, refusals, peak = peak_of_scan(tmp_path, SMALL)
    assert not sources
    assert set(codes(refusals).values()) == {"too_large"}
    assert peak < 24 << 20


def test_a_long_name_header_of_gigabytes_is_not_read(tmp_path: Path) -> None:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    data = info.tobuf(tarfile.GNU_FORMAT)
    _, refusals, _ = one(tmp_path, "a.tar", data + bytes(4096))
    assert codes(refusals) == {"a.tar": "too_large"}


def test_a_bomb_of_many_nested_archives_is_refused_as_a_whole(tmp_path: Path) -> None:
    level = made.zipped({f"{i}.txt": bytes(400_000) for i in range(4)})
    for _ in range(3):
        level = made.zipped({f"{i}.zip": level + bytes([i]) for i in range(8)})
    limits = Limits(ratio_floor=4 << 20)
    _, refusals, _ = one(tmp_path, "a.zip", level, limits)
    assert codes(refusals)["a.zip"] == "too_large"
    assert len(refusals) < 10


def test_limits_on_members_and_total_size_name_the_archive(tmp_path: Path) -> None:
    data = made.zipped({f"{i}.txt": random.Random(i).randbytes(1000) for i in range(20)})
    assert codes(one(tmp_path, "a.zip", data, Limits(members=10))[1]) == {"a.zip": "too_large"}
    assert codes(one(tmp_path, "a.zip", data, Limits(total_size=9999))[1]) == {"a.zip": "too_large"}
    packed = tar_bytes({f"{i}.txt": random.Random(i).randbytes(1000) for i in range(20)}, "w:gz")
    sources, refusals, _ = one(tmp_path, "a.zip", packed, Limits(members=10))
    assert len(sources) == 10
    assert codes(refusals) == {"a.zip": "too_large"}


def test_an_encrypted_archive_is_refused_and_an_encrypted_member_alone_too(tmp_path: Path) -> None:
    whole = made.raw_zip([(b"a.doc", b"x"), (b"b.doc", b"y")], flags=1)
    assert codes(one(tmp_path, "a.zip", whole)[1]) == {"a.zip": "encrypted"}
    mixed = bytearray(made.raw_zip([(b"a.doc", b"x"), (b"b.doc", b"y")]))
    at = mixed.index(b"PK\x01\x02")
    mixed[at + 8] |= 1
    sources, refusals, scanned = one(tmp_path, "a.zip", bytes(mixed))
    assert sources == ["a.zip!b.doc"]
    assert codes(refusals) == {"a.zip!a.doc": "encrypted"}
    assert any("encrypted" in line for line in scanned.notices)


@pytest.mark.parametrize("tenth", range(1, 11))
def test_an_archive_cut_anywhere_is_refused_after_the_members_that_came_well(
    tmp_path: Path, tenth: int
) -> None:
    files = {f"{i}.txt": random.Random(i).randbytes(3000) for i in range(5)}
    for name, data in {
        "a.zip": made.zipped(files),
        "a.tgz": tar_bytes(files, "w:gz"),
        "a.tar": tar_bytes(files),
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        cut = len(data) * tenth // 10 - 1
        if name == "a.tar":
            cut = min(cut, 3000 * 5)
        sources, refusals, _ = one(folder, name, data[:cut])
        assert set(sources) < {f"{name}!{inner}" for inner in files} | {"x"}
        assert codes(refusals)[name] in ("truncated", "corrupt"), name
        assert refusals[name].size == cut


def test_a_damaged_member_is_refused_alone(tmp_path: Path) -> None:
    data = bytearray(made.zipped({"a.txt": b"a" * 100, "b.txt": b"b" * 100}))
    data[data.index(b"a.txt") + 7] ^= 0xFF
    sources, refusals, _ = one(tmp_path, "m.zip", bytes(data))
    assert sources == ["m.zip!b.txt"]
    assert codes(refusals) == {"m.zip!a.txt": "corrupt"}


def test_7z_members_come_one_by_one_and_its_faults_have_codes(tmp_path: Path) -> None:
    py7zr = pytest.importorskip("py7zr")
    path = tmp_path / "a.7z"
    with py7zr.SevenZipFile(path, "w") as archive:
        for i in range(30):
            archive.writestr(b"form %d" % i, f"学校/表{i}.txt")
        archive.writestr(made.zipped({"in.txt": b"in"}), "inner.zip")
        archive.writestr(b"", "empty.doc")
    sources, refusals, _ = scan(path)
    assert set(sources) == {f"a.7z!学校/表{i}.txt" for i in range(30)} | {
        "a.7z!inner.zip!in.txt",
        "a.7z!empty.doc",
    }
    assert not refusals
    whole = path.read_bytes()
    for cut in (20, len(whole) // 2, len(whole) - 3):
        path.write_bytes(whole[:cut])
        assert codes(scan(path)[1])["a.7z"] in ("truncated", "corrupt")
    path.write_bytes(whole)
    iterator = iter(Scan([path]))
    next(iterator)
    iterator.close()  # type: ignore[attr-defined]


def test_a_7z_bomb_and_a_locked_7z_are_refused(tmp_path: Path) -> None:
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(tmp_path / "bomb.7z", "w") as archive:
        archive.writestr(bytes(8 << 20), "a.doc")
    with py7zr.SevenZipFile(tmp_path / "locked.7z", "w", password="x") as archive:
        archive.writestr(b"secret", "a.doc")
    sources, refusals, _ = scan(tmp_path, limits=SMALL)
    assert not sources
    assert codes(refusals) == {"bomb.7z": "too_large", "locked.7z": "encrypted"}


def test_a_stored_rar_is_read_and_a_cut_one_refused(tmp_path: Path) -> None:
    pytest.importorskip("rarfile")
    data = made.stored_rar([("a.txt", b"first"), ("dir/b.txt", b"second")])
    sources, refusals, _ = one(tmp_path, "a.rar", data)
    assert sources == ["a.rar!a.txt", "a.rar!dir/b.txt"]
    assert not refusals
    assert "a.rar" in codes(one(tmp_path, "a.rar", b"Rar!\x1a\x07\x00" + b"\xff" * 40)[1])


def test_without_the_extra_an_archive_is_refused_with_what_to_install(tmp_path: Path, monkeypatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "py7zr", None)
    monkeypatch.setitem(sys.modules, "rarfile", None)
    (tmp_path / "a.7z").write_bytes(b"7z\xbc\xaf\x27\x1c" + bytes(60))
    (tmp_path / "b.rar").write_bytes(made.stored_rar([("a.txt", b"x")]))
    _, refusals, _ = scan(tmp_path)
    assert codes(refusals) == {"a.7z": "needs_extra", "b.rar": "needs_extra"}
    assert "guibiao[7z]" in refusals["a.7z"].error.detail
    assert "guibiao[rar]" in refusals["b.rar"].error.detail


ARCHIVES = [
    made.zipped({"a.txt": b"a" * 50, "学校.txt": b"b"}),
    made.raw_zip([("学校.doc".encode("gbk"), b"x" * 99)]),
    tar_bytes({"a.txt": b"a" * 50}),
    tar_bytes({"a.txt": b"a" * 50}, "w:gz"),
    gzip.compress(b"x" * 300),
    lzma.compress(b"x" * 300),
    made.stored_rar([("a.txt", b"a" * 30)]),
]


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(ARCHIVES),
    st.lists(st.tuples(st.integers(0), st.integers(0, 255)), max_size=8),
    st.integers(0),
)
def test_damage_gives_sources_or_refusals_and_nothing_else(tmp_path_factory, whole, changes, cut) -> None:
    broken = bytearray(whole)
    for at, value in changes:
        broken[at % len(broken)] = value
    root = tmp_path_factory.mktemp("broken")
    (root / "x.zip").write_bytes(broken[: len(broken) - cut % 20 if cut % 3 == 0 else None])
    for refusal in scan(root, limits=Limits(file_size=1 << 20, ratio_floor=1 << 20))[1].values():
        assert isinstance(refusal.error, SourceError)
