"""Make a large archive out of fixtures/benchmark: every file another content, poison and rare labels on demand.

    python tests/benchmarks/make_archive.py FOLDER --files 100000 [--poison 0.005] [--rare 0.001]

Each file is one of the 40 layouts in one of seven media with project names of its own, of the same length (in
.pdf, whose text is glyphs, a comment of its own). ``--rare`` gives that share the label 工程名字 for 项目名称;
``--poison`` that share of files more, which hang, loop, segfault, exit, ask for 20 GB, take memory until there
is none, recurse in C (run with GUIBIAO_READ=tests.run.poison:read), and bombs that need no such reader. The
same arguments give the same bytes. Writes FOLDER/../<name>.poison.txt, the paths of poison and what each is.
"""

import argparse
import io
import json
import random
import zipfile
from pathlib import Path

BENCHMARK = Path(__file__).parents[2] / "fixtures" / "benchmark"
MEDIA = {"txt": 26, "html": 15, "docx": 20, "doc": 12, "xls": 12, "xlsx": 12, "pdf": 3}
COMMANDS = ("hang", "loop", "segv", "exit", "huge", "memory", "deep", "bomb", "nested")
_ALPHABET = [chr(code) for code in range(0x4E8C, 0x4E8C + 64)]
LABEL, RARE = "项目名称", "工程名字"


def name_of(number: int, length: int) -> str:
    """Return a name of its own for a number, of some length."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


class Template:
    """One file of the benchmark, to be written again with other names."""

    def __init__(self, medium: str, layout: str) -> None:
        self.medium = medium
        self.data = (BENCHMARK / medium / f"{layout}.{medium}").read_bytes()
        truth = json.loads((BENCHMARK / "truth" / f"{layout}.json").read_text("utf-8"))
        self.names = sorted(
            {
                str(row["project_name"])
                for document in truth
                for row in document["forms"]
                if row.get("project_name")
            },
            key=len,
            reverse=True,
        )
        self.members: list[tuple[str, bytes]] = []
        if medium in ("docx", "xlsx"):
            with zipfile.ZipFile(io.BytesIO(self.data)) as packed:
                self.members = [(info.filename, packed.read(info)) for info in packed.infolist()]

    def write(self, number: int, rare: bool) -> bytes:
        """Return the file with names of its own."""
        swaps = [(name, name_of(number * 3 + place, len(name))) for place, name in enumerate(self.names)]
        if rare:
            swaps.append((LABEL, RARE))
        if self.medium == "pdf":
            return self.data + f"\n% {number}\n".encode()
        if self.members:
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
                for member, data in self.members:
                    changed = _swapped(data, swaps, "utf-8") if member.endswith(".xml") else data
                    packed.writestr(zipfile.ZipInfo(member), changed, zipfile.ZIP_DEFLATED)
            return out.getvalue()
        return _swapped(self.data, swaps, "utf-16-le" if self.medium in ("doc", "xls") else "utf-8")


def _swapped(data: bytes, swaps: list[tuple[str, str]], encoding: str) -> bytes:
    for old, new in swaps:
        data = data.replace(old.encode(encoding), new.encode(encoding))
    return data


def poison(kind: str, number: int) -> tuple[str, bytes]:
    """Return the name's ending and the bytes of one poison file."""
    if kind == "bomb":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            with packed.open("word/document.xml", "w", force_zip64=True) as member:
                for _ in range(64):
                    member.write(b"\0" * (1 << 24))
            packed.writestr("[Content_Types].xml", f"<Types/><!--{number}-->")
        return "docx", out.getvalue()
    if kind == "nested":
        return "html", b"<table><tr><td>" * 200_000 + str(number).encode()
    return "txt", f"{kind:<8}\n{number}\n".encode()


def main() -> None:
    """Write the archive."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--poison", type=float, default=0.0)
    parser.add_argument("--rare", type=float, default=0.0)
    parser.add_argument("--media", default=",".join(MEDIA))
    options = parser.parse_args()
    media = options.media.split(",")
    layouts = sorted(path.stem for path in (BENCHMARK / "truth").glob("*.json"))
    templates: dict[tuple[str, str], Template] = {}
    dice = random.Random(7)
    step = round(1 / options.rare) if options.rare else 0
    bad = round(1 / options.poison) if options.poison else 0
    listed = []
    bombs: dict[str, tuple[str, bytes]] = {}
    for number in range(options.files):
        folder = options.folder / f"{number // 5000:03d}" / f"{number // 250 % 20:02d}"
        if number % 250 == 0:
            folder.mkdir(parents=True, exist_ok=True)
        medium = dice.choices(media, [MEDIA[one] for one in media])[0]
        layout = dice.choice(layouts)
        template = templates.get((medium, layout)) or templates.setdefault(
            (medium, layout), Template(medium, layout)
        )
        rare = bool(step) and number % step == step // 2
        (folder / f"{number:07d}.{medium}").write_bytes(template.write(number, rare))
        if bad and number % bad == bad // 2:
            kind = COMMANDS[number // bad % len(COMMANDS)]
            if kind == "bomb":  # slow to make: one, with a comment of its own for each
                ending, data = bombs.setdefault(kind, poison(kind, 0))
                data += f"{number}".encode()
            else:
                ending, data = poison(kind, number)
            path = folder / f"{number:07d}-poison.{ending}"
            path.write_bytes(data)
            listed.append(f"{path.relative_to(options.folder).as_posix()}\t{kind}")
    if listed:
        (options.folder.parent / f"{options.folder.name}.poison.txt").write_text("\n".join(listed) + "\n")
    print(f"{options.files} files, {len(listed)} poison")


if __name__ == "__main__":
    main()
