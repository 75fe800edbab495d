"""``guibiao rules``: what rule authors ask: is it right, does it give its rows, what would be missed, why not this label."""

import sys
from pathlib import Path

from pipeline.errors import Fault, RuleError
from pipeline.model import Rulebook
from pipeline.rulebook.examples import load_examples
from pipeline.rulebook.index import Index
from pipeline.rulebook.load import load_rulebook, shipped_rules
from pipeline.rulebook.mutation import Target
from pipeline.run.examples import Bench


def test(directory: Path | None) -> int:
    """Run the examples of the rules; print every failure; return 1 where there are any."""
    bench, _rulebook = _bench(directory)
    faults = bench.failures()
    _print(faults)
    count = f"{len(bench.examples)} 个示例 examples, {len(bench.assertions)} 个写法 spellings"
    if not bench.examples:
        print("没有示例 | no examples: examples/*.yaml", file=sys.stderr)
    print(f"{count}: {len(faults)} 处不符 failures" if faults else f"{count}: 全部通过 all pass")
    return 1 if faults else 0


def mutate(directory: Path | None, fixtures: Path | None, write: bool) -> int:
    """Drop each spelling and rule in turn; print those whose loss nothing notices; return 1 where there are any."""
    from pipeline.run.mutation import Survivor, Trial, missing_assertions, read_fixtures

    bench, rulebook = _bench(directory)
    faults = bench.failures()
    if faults:
        _print(faults)
        print("示例未通过，先改好示例或规则 | examples fail; mend them first", file=sys.stderr)
        return 1
    documents = read_fixtures(fixtures) if fixtures is not None else []
    trial = Trial(bench, rulebook, documents)
    survivors: list[Survivor] = trial.survivors()
    if write:
        written = _write(directory or shipped_rules(), missing_assertions(survivors), bench)
        survivors = Trial(_bench(directory)[0], rulebook, documents).survivors() if written else survivors
    for one in survivors:
        loss, instead = one.mutation, one.instead
        why = "没有示例会发现 | no example notices"
        if instead is not None:
            why = f"多余：{instead.place} 的 {instead.text} 同样识别它 | redundant: matched by that anyway"
        print(f"{loss.place}: {loss.what}: {why}")
    total = len(trial.losses)
    print(
        f"{total} 处删减 losses: {total - len(survivors)} 处被发现 noticed, {len(survivors)} 处未被发现 not"
    )
    return 1 if survivors else 0


def _write(folder: Path, missing: list[tuple[list[Target], str]], bench: Bench) -> bool:
    """Write assertions on the spellings that stand the check; print those that do not."""
    from pipeline.rulebook.assertions import write_assertions
    from pipeline.rulebook.examples import Assertion

    kept: dict[tuple[str, bool], list[tuple[str, str]]] = {}
    for targets, text in missing:
        faults: list[Fault] = []
        for owner, of_words, target in targets:
            assertion = Assertion(owner, of_words, target, text, True, Fault(owner, 1, 1, ""))
            wrong = bench.affirm(assertion)
            if not wrong:
                kept.setdefault((owner, of_words), []).append((target, text))
                break
            faults += wrong
        else:
            print(f"未写入 | not written: {faults[0].message}", file=sys.stderr)
    for (owner, of_words), texts in kept.items():
        path = write_assertions(folder, owner, of_words, texts)
        print(f"写入 wrote {path}: {len(texts)}")
    return bool(kept)


def _bench(directory: Path | None) -> tuple[Bench, Rulebook]:
    rulebook = load_rulebook(directory)
    folders = [shipped_rules()]
    if directory is not None and directory.resolve() != folders[0].resolve():
        folders.append(directory)
    return Bench(load_examples(rulebook, *folders), Index(rulebook)), rulebook


def _print(faults: list[Fault]) -> None:
    for fault in sorted(faults):
        print(fault)


def _fail(faults: tuple[Fault, ...]) -> None:
    if faults:
        raise RuleError(tuple(sorted(faults)))


def check(directory: Path | None) -> int:
    """Print every fault (RuleError), else the warnings of the lint; return 0: a warning stops nothing."""
    from pipeline.checks import prove
    from pipeline.rulebook.lint import lint

    bench, rulebook = _bench(directory)
    _fail(prove(rulebook.checks, rulebook.fields))
    warnings = lint(rulebook)
    _print([Fault(one.path, one.line, one.column, f"警告 warning: {one.message}") for one in warnings])
    labels = sum(
        len(rule.spellings) for form in rulebook.forms for one in form.sections for rule in one.labels
    )
    print(
        f"规则无误 | rules ok: {len(rulebook.files)} files, {len(rulebook.forms)} forms, {labels} spellings, "
        f"{len(rulebook.checks)} checks, {len(bench.examples)} examples, {len(warnings)} warnings, "
        f"digest {rulebook.digest[:12]}"
    )
    return 0


def explain(label: str, form: str | None, directory: Path | None) -> int:
    """Print how a label folds, what it can be and by which rule, what it is nearly; return 1 where it is nothing."""
    from pipeline.rulebook.meanings import meanings, scoped_meanings
    from pipeline.text.labels import fold, fold_keep, notes

    index = Index(load_rulebook(directory))
    if form is not None and form not in index.forms:
        print(f"没有表类型 {form} | no such form type; {', '.join(index.forms)}", file=sys.stderr)
        return 2
    print(f"折叠 folded: {fold_keep(label)}")
    if fold(label) != fold_keep(label):
        print(f"去括注 without notes: {fold(label)}（{'；'.join(notes(label))}）")
    found = meanings(index, label, form)
    for one in found:
        print(f"{one.owner} {one.what}: {one.how} {one.spelling.text}  {one.spelling.place}")
    scoped = list(scoped_meanings(index, label, form))
    for one in scoped:
        print(
            f"{one.owner} {one.what}: {one.how} {one.spelling.text}  {one.spelling.place}"
            f"  只在 only in {one.spelling.scope}"
        )
    if scoped:
        print(
            "  限定年度、地区的写法先于不限定的；表上没有印出年度或地区的，不按限定的写法认 | a spelling with a scope goes "
            "before one without; in a form that does not print its year or region it does not count"
        )
    if not found and not scoped:
        print("未识别：没有规则认得它 | unmatched: no rule knows it")
        _explain_near(index, label, [form] if form else list(index.forms))
    return 0 if found or scoped else 1


def _explain_near(index: Index, label: str, forms: list[str]) -> None:
    """Print the spellings that an unmatched label resembles, and why none of them was taken."""
    from pipeline.rulebook.meanings import Near, near
    from pipeline.rulebook.tables import LONGEST_LABEL
    from pipeline.text.labels import fold
    from pipeline.text.segment import MARGIN

    folded = fold(label)
    if len(folded) > LONGEST_LABEL:
        print(f"超过 {LONGEST_LABEL} 个字，不作标签查找 | longer than {LONGEST_LABEL} characters: no label")
        return
    best: dict[tuple[str, str], Near] = {}
    for name in forms:
        for one in near(index, folded, name, shipped_rules() / "words.txt")[:3]:
            best.setdefault((one.what, one.spelling.place), one)
    ranked = sorted(best.values(), key=lambda one: -one.score)[:5]
    for one in ranked:
        print(
            f"  相近 near {one.score:.2f}: {one.owner} {one.what} {one.spelling.text}  {one.spelling.place}"
        )
    if not ranked:
        print("  没有相近的写法 | nothing is near")
    elif len(ranked) > 1 and ranked[0].what != ranked[1].what and ranked[0].score - ranked[1].score < MARGIN:
        print(f"  {ranked[0].what} 与 {ranked[1].what} 难分，不予认定 | two meanings are close: not taken")
    else:
        print("  不够相近，不予认定 | not near enough to be taken")
