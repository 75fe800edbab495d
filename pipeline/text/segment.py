"""Words of a label, and how alike two labels are: for the loose tier and for suggestions.

jieba takes a second and 90 MB, so it is loaded on first use only, in a tokenizer of its own that no other
user of jieba in the process can change. All results are memoised by distinct text.
"""

import getpass
import logging
import os
import re
import tempfile
import warnings
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jieba

_MEMO = 1 << 15
# Nothing longer is a label.
_LONGEST = 64
THRESHOLD = 0.75
MARGIN = 0.08

# Words of one line tell apart labels that are alike in all else: 三级指标 is no misspelling of 二级指标.
_CONTRASTS = """
年初 年中 年末 年底 全年 上年 上年度 本年 本年度 当年
预算 执行 决算 支出 收入 结余 结转
预期 实际 预计
一级 二级 三级 四级
数量 质量 时效 成本
产出 效益 满意 成本
经济 社会 生态 环境
中期 长期 年度
中央 省级 市级 县级 区级 地方 上级 本级
单位 部门
名称 编码 代码 电话
目标 指标
主管 实施
分值 得分
自评 复核
开始 结束 起始 完成
"""
# With a word of one line a label names another thing than without: 主管部门编码 is no 主管部门.
_HEADS = """
编码 代码 代号
电话 手机 联系方式
日期 时间
意见
原因
说明
标准
依据 来源 方法 公式
类型 性质 方向 符号
得分 分值 权重 分数 评分 总分
率 比例 占比
上年
预计
到位
执行
表
值
及 和 与
专户
中央
省
市
县
区
上级
同级
"""
_DIGITS = re.compile("[0-9]+")
_CONTRAST_LINES = tuple(tuple(line.split()) for line in _CONTRASTS.strip().splitlines())
_HEAD_LINES = tuple(tuple(line.split()) for line in _HEADS.strip().splitlines())


def tokens(text: str, words: Path | None = None) -> tuple[str, ...]:
    """Return the words of a text in order, without marks and blanks.

    ``words`` is a file of domain words, one a line, ``#`` for remarks (``rules/words.txt``).
    """
    return _tokens(text, str(words) if words else None)


def similar(one: str, other: str, words: Path | None = None) -> float:
    """Return how alike two folded labels are, from 0 to 1; 1 only for equal ones.

    The mean of two shares: of the characters that need no edit (Levenshtein over the longer text), and of the
    characters in words that both have (Dice; a word inside a longer one counts). A few edits in a long label
    count by themselves, since one wrong character breaks a word. 0 where a word or a number tells the two
    apart (二级 and 三级, 主管部门 and 主管部门编码).
    """
    return _similar(one, other, words, 0.0)


def _similar(one: str, other: str, words: Path | None, least: float) -> float:
    """Return the likeness, or 0 where it is surely under ``least``: then without cutting into words."""
    if one == other:
        return 1.0
    if not one or not other or max(len(one), len(other)) > _LONGEST or _contrast(one, other):
        return 0.0
    spelled = 1 - _edits(one, other) / max(len(one), len(other))
    if _most(spelled, _common(Counter(one), other), _letters(one) + _letters(other)) < least:
        return 0.0
    worded = _shared_words(Counter(tokens(one, words)), Counter(tokens(other, words)))
    # Two labels may have the same words and yet differ in order or marks: that is alike, not equal.
    return min(max((spelled + worded) / 2, spelled * 0.95), 0.999)


def near_at_most(one: str, other: str) -> float:
    """Return a bound that ``similar`` of two folded labels never exceeds, found without cutting into words."""
    if one == other:
        return 1.0
    if not one or not other or max(len(one), len(other)) > _LONGEST:
        return 0.0
    spelled = 1 - _edits(one, other) / max(len(one), len(other))
    return _most(spelled, _common(Counter(one), other), _letters(one) + _letters(other))


def _most(spelled: float, shared: int, letters: int) -> float:
    """Return how alike two labels are at most: what words have in common their characters have in common."""
    return max((spelled + min(1.0, 2 * shared / letters if letters else 0.0)) / 2, spelled * 0.95)


def _common(mine: Mapping[str, int], other: str) -> int:
    return sum(min(count, other.count(char)) for char, count in mine.items())


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))


def _shared_words(mine: Counter[str], its: Counter[str]) -> float:
    total = sum(len(word) * count for word, count in (mine + its).items())
    both = 2 * sum(len(word) * count for word, count in (mine & its).items())
    rest = sorted((its - mine).elements())
    for word in sorted((mine - its).elements()):
        inside = next((other for other in rest if word in other or other in word), None)
        if inside is not None:
            rest.remove(inside)
            both += 2 * min(len(word), len(inside))
    return both / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Nearest:
    """The candidate most like a label with its score; ``rival`` is a close one of another meaning.

    ``winner`` is None where nothing reaches the threshold, and where there is a rival: then ``best`` and
    ``rival`` are the two to be named.
    """

    winner: str | None
    best: str | None = None
    score: float = 0.0
    rival: str | None = None
    rival_score: float = 0.0


class Pool:
    """Spellings to compare labels with: each with what it means (a field)."""

    def __init__(self, candidates: Mapping[str, Hashable]) -> None:
        self.meaning = candidates
        self._holders: dict[str, list[tuple[str, int]]] = {}
        for spelling in candidates:
            for char, count in Counter(spelling).items():
                self._holders.setdefault(char, []).append((spelling, count))
        self._letters = {spelling: _letters(spelling) for spelling in candidates}

    def near(self, label: str, least: float) -> list[str]:
        """Return the spellings whose likeness to a label may reach ``least``, by their characters alone."""
        if not 0 < len(label) <= _LONGEST:
            return [label] if label in self.meaning else []
        shared: dict[str, int] = {}
        for char, count in Counter(label).items():
            for spelling, its in self._holders.get(char, ()):
                shared[spelling] = shared.get(spelling, 0) + min(count, its)
        size, letters = len(label), _letters(label)
        return [
            spelling
            for spelling, count in shared.items()
            if _most(count / max(size, len(spelling)), count, letters + self._letters[spelling]) >= least
        ]


def nearest(
    label: str,
    candidates: Mapping[str, Hashable] | Pool,
    threshold: float = THRESHOLD,
    margin: float = MARGIN,
    words: Path | None = None,
) -> Nearest:
    """Return the candidate most like a label, unless another one of a different meaning is close.

    ``candidates`` gives for each folded spelling what it means (a field); spellings of one meaning are no
    rivals. Close is within ``margin`` of the best score. Ties go by spelling, so that the order of candidates
    never matters. jieba is asked only where the characters alone do not decide.
    """
    pool = candidates if isinstance(candidates, Pool) else Pool(candidates)
    least = threshold - margin
    near = [(_similar(label, spelling, words, least), spelling) for spelling in pool.near(label, least)]
    scored = sorted(((score, spelling) for score, spelling in near if score >= least), key=_best_first)
    if not scored or scored[0][0] < threshold:
        return Nearest(None)
    score, best = scored[0]
    for rival_score, rival in scored[1:]:
        if pool.meaning[rival] != pool.meaning[best] and rival_score > score - margin:
            return Nearest(None, best, score, rival, rival_score)
    return Nearest(best, best, score)


def _best_first(scored: tuple[float, str]) -> tuple[float, str]:
    return -scored[0], scored[1]


def _contrast(one: str, other: str) -> bool:
    for line in _CONTRAST_LINES:
        mine = {word for word in line if word in one}
        its = {word for word in line if word in other}
        if mine - its and its - mine:
            return True
    mine_digits, its_digits = _DIGITS.findall(one), _DIGITS.findall(other)
    if mine_digits and its_digits and mine_digits != its_digits:  # 指标1 and 指标2
        return True
    return any(any(w in one for w in line) != any(w in other for w in line) for line in _HEAD_LINES)


def _edits(one: str, other: str) -> int:
    """Return the Levenshtein distance."""
    above = list(range(len(other) + 1))
    for row, char in enumerate(one, 1):
        line = [row]
        for column, its in enumerate(other, 1):
            line.append(min(above[column] + 1, line[-1] + 1, above[column - 1] + (char != its)))
        above = line
    return above[-1]


@lru_cache(maxsize=_MEMO)
def _tokens(text: str, words: str | None) -> tuple[str, ...]:
    cut = _tokenizer(words).cut(text, HMM=False)  # no guessed words
    return tuple(word for word in cut if any(char.isalnum() for char in word))


@cache
def _tokenizer(words: str | None) -> "jieba.Tokenizer":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.CRITICAL)
    tokenizer = jieba.Tokenizer()
    tokenizer.tmp_dir = _private_directory()
    tokenizer.cache_file = f"jieba-{jieba.__version__}.cache"
    tokenizer.initialize()
    if words:
        for line in Path(words).read_text(encoding="utf-8-sig").splitlines():
            word = line.partition("#")[0].strip()
            if word:
                tokenizer.add_word(word)
    return tokenizer


def _private_directory() -> str:
    """Return a directory for jieba's cache that nobody else can write: the cache is loaded without questions."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError, ImportError):
        user = "nobody"
    place = Path(tempfile.gettempdir()) / f"guibiao-{user}"
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        seen = place.lstat()
        if place.is_symlink() or seen.st_mode & 0o022 or not _is_mine(seen.st_uid):
            return tempfile.mkdtemp(prefix="guibiao-")
    except OSError:
        return tempfile.gettempdir()
    return str(place)


def _is_mine(owner: int) -> bool:
    return not hasattr(os, "getuid") or os.getuid() == owner
