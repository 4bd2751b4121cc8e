#!/usr/bin/env python3
"""Patches between two versions of real projects: `check --patch` against two full runs.

    tests/review/histories.py [--patches N] [--suites N] [--only PROJECT]

Each package folder of a project is a history of two commits. A finding must be reported when its range or its evidence lies on a changed line, or when the full run
before the change has no counterpart; nothing else may be. What is reported elsewhere must name a changed line. The lines are worked out here anew, from the patch.
Projects are downloaded from PyPI below EDITORS_ROOT. Released code has few pitfalls, so the suites of the rules make histories too: random lines of their examples are
taken away or put back. The last line says what passed.
"""

import argparse
import collections
import itertools
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
MARGINOTE = os.environ.get("MARGINOTE", ROOT / "target/debug/marginote")
TOOLS = pathlib.Path(os.environ.get("EDITORS_ROOT", ROOT / "target/editors")) / "histories"
# fewer files than this are checked as one
SMALL = 40
PROJECTS = [
    ("APScheduler", "3.10.4", "3.11.0"),
    ("paramiko", "3.4.0", "4.0.0"),
    ("urllib3", "2.2.0", "2.4.0"),
    ("rich", "13.7.0", "14.0.0"),
    ("Werkzeug", "3.0.0", "3.1.0"),
    ("click", "8.1.7", "8.2.0"),
    ("redis", "5.0.0", "6.0.0"),
    ("celery", "5.4.0", "5.5.0"),
    ("kombu", "5.4.0", "5.5.0"),
    ("pytest", "8.0.0", "8.3.0"),
    ("distributed", "2024.12.0", "2025.5.0"),
    ("Scrapy", "2.11.2", "2.13.0"),
    ("SQLAlchemy", "2.0.30", "2.0.40"),
    ("Django", "5.1", "5.2"),
]


def sources(project, version):
    """The unpacked wheel of a version."""
    folder = TOOLS / f"{project}-{version}"
    if not folder.exists():
        wheels = TOOLS / "wheels" / f"{project}-{version}"
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "-d", wheels, f"{project}=={version}"],
            check=True,
        )
        [wheel] = wheels.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if name.endswith((".py", ".pyi"))]
            archive.extractall(folder, members)
    return folder


def python_files(folder):
    return {path.relative_to(folder) for path in folder.rglob("*.py")}


def parts(old, new):
    """Sets of files that are checked together: a whole small package, else one of its folders."""
    files = python_files(old) | python_files(new)
    if len(files) <= SMALL:
        return [files]
    folders = collections.defaultdict(set)
    for file in files:
        # `django/contrib/admin` is a package of its own
        depth = 3 if len(file.parts) > 3 and file.parts[1] in ("contrib", "db", "dialects") else 2
        folders[file.parts[:depth] if len(file.parts) > depth else file.parts[:1]].add(file)
    return [folders[name] for name in sorted(folders)]


def git(folder, *arguments):
    command = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false", *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout


def check(folder, *arguments):
    command = [MARGINOTE, "check", "--isolated", "--format", "json", "--exit-zero", *arguments, "."]
    run = subprocess.run(command, cwd=folder, capture_output=True)
    if run.returncode not in (0, 3):
        sys.exit(f"{arguments}: {run.stderr.decode()}")
    return json.loads(run.stdout)["findings"]


class Change:
    """The hunks of a patch without context: (first old line, old lines, first new line, new lines), lines from 1; an empty side is named by the line before it."""

    def __init__(self, patch):
        self.hunks = collections.defaultdict(list)
        self.names = {}
        for part in re.split(r"^diff --git ", patch, flags=re.M)[1:]:
            old = re.search(r"^(?:rename from|--- a/)\s*(.+?)\t?$", part, re.M)
            new = re.search(r"^(?:rename to|\+\+\+ b/)\s*(.+?)\t?$", part, re.M)
            if not new:
                continue
            name = new[1]
            self.names[name] = old and old[1]
            for hunk in re.finditer(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", part, re.M):
                numbers = [1 if number is None else int(number) for number in hunk.groups()]
                self.hunks[name].append(tuple(numbers))

    def touches(self, place):
        first, last = lines(place)
        for _, _, start, count in self.hunks.get(place["path"], ()):
            if count and start <= last and first < start + count:
                return True
            if not count and first <= start < last:
                return True
        return False

    def before(self, place):
        """Where a place that touches nothing was before: path, line, column."""
        path, start = place["path"], place["range"]["start"]
        shift = 0
        for old_start, old_count, new_start, new_count in self.hunks.get(path, ()):
            if (new_start if new_count else new_start + 1) <= start["line"]:
                shift += old_count - new_count
        return self.names.get(path, path), start["line"] + shift, start["column"]

    def is_changed_line(self, path, line):
        hunks = self.hunks.get(path, ())
        return any(start <= line < start + count if count else line in (start, start + 1) for _, _, start, count in hunks)


def lines(place):
    span = place["range"]
    last = span["end"]["line"]
    # an end at the start of a line is the end of the one before
    if last > span["start"]["line"] and span["end"]["column"] == 1:
        last -= 1
    return span["start"]["line"], last


SEVERITIES = ["hint", "information", "warning", "error"]


def expected(before, after, change):
    """The findings that must be reported, and of them those that the change made elsewhere."""
    known = collections.defaultdict(list)
    for finding in before:
        start = finding["range"]["start"]
        known[finding["code"], finding["path"], start["line"], start["column"]].append(finding)
    here = [finding for finding in after if any(map(change.touches, [finding, *finding["evidence"]]))]
    elsewhere = [finding for finding in after if finding not in here]
    for same_message in (True, False):
        left = []
        for finding in elsewhere:
            same = known[(finding["code"], *change.before(finding))]
            rank = SEVERITIES.index(finding["severity"])
            fits = [old for old in same if SEVERITIES.index(old["severity"]) >= rank and (not same_message or old["message"] == finding["message"])]
            if fits:
                same.remove(fits[0])
            else:
                left.append(finding)
        elsewhere = left
    return here, elsewhere


def key(finding):
    return json.dumps([finding[part] for part in ("path", "range", "code", "message", "severity")])


def history(name, files, old, new, work):
    """What is wrong, and how many findings were reported (here, elsewhere); None where nothing has changed."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    git(work, "init", "-q")
    for version in (old, new):
        for path in work.iterdir():
            if path.name != ".git":
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for file in files:
            if (version / file).exists():
                (work / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(version / file, work / file)
        git(work, "add", "-A")
        git(work, "commit", "-qm", version.name, "--allow-empty")
        if version is old:
            before = check(work)
    patch = git(work, "diff", "-M", "-U0", "HEAD~1", "HEAD")
    if not patch:
        return None
    after = check(work)
    (work / ".git/patch").write_bytes(patch)
    change = Change(patch.decode(errors="replace"))
    here, elsewhere = expected(before, after, change)
    reported = check(work, "--patch", ".git/patch")
    wrong = []
    compare(wrong, "reported", reported, here + elsewhere)
    compare(wrong, "with --diff", check(work, "--diff", "HEAD~1"), reported)
    every = check(work, "--patch", ".git/patch", "--context", "all")
    compare(wrong, "with all", every, after)
    compare(wrong, "existing", [finding for finding in every if finding.get("existing")], [finding for finding in after if finding not in here + elsewhere])
    made_elsewhere = set(map(key, elsewhere))
    for finding in reported:
        if key(finding) not in made_elsewhere:
            continue
        cause = finding["evidence"][-1:]
        is_named = cause and re.match(r"new through the (change in .*:\d+|removal of|new name of) ?", cause[0]["message"])
        on_change = cause and change.is_changed_line(cause[0]["path"], cause[0]["range"]["start"]["line"])
        if not is_named or not (on_change or "change in" not in cause[0]["message"]):
            wrong.append(f"names no changed line: {key(finding)} {cause}")
    return wrong, len(here), len(elsewhere)


def compare(wrong, what, found, wanted):
    found, wanted = collections.Counter(map(key, found)), collections.Counter(map(key, wanted))
    wrong += [f"{what}, and should not be: {finding}" for finding in found - wanted]
    wrong += [f"not {what}: {finding}" for finding in wanted - found]


def suite(number, folder):
    """A history of the examples of one rule: lines of some are missing before, lines of others after."""
    chance = random.Random(number)
    path = chance.choice(sorted((ROOT / "tests/rules").glob("[A-Z]*[0-9]-*.md")))
    old, new = folder / "old", folder / "new"
    for version in (old, new):
        shutil.rmtree(version, ignore_errors=True)
        version.mkdir()
    blocks = re.findall(r"^```python[^\n]*\n(.*?)^```", path.read_text(), re.M | re.S)
    for index, block in enumerate(blocks[:30]):
        # what the suites expect is said in comments, which must not tell where lines were
        whole = [line for line in block.splitlines(True) if not re.match(r"\s*#", line)]
        fewer = list(whole)
        for _ in range(chance.choice([0, 0, 1, 1, 2])):
            if fewer:
                at = chance.randrange(len(fewer))
                del fewer[at : at + chance.choice([1, 1, 3])]
        texts = [whole, fewer] if chance.random() < 0.5 else [fewer, whole]
        for version, text in zip((old, new), texts):
            (version / f"example_{index}.py").write_text("".join(text))
    return f"{path.stem}, suite {number}", python_files(old), old, new


def projects(only):
    for project, *versions in PROJECTS:
        if only in (None, project):
            old, new = (sources(project, version) for version in versions)
            for files in parts(old, new):
                yield f"{project} {os.path.commonpath(files)}", files, old, new


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--patches", type=int, default=50)
    parser.add_argument("--suites", type=int, default=50)
    parser.add_argument("--only")
    options = parser.parse_args()
    TOOLS.mkdir(parents=True, exist_ok=True)
    passed = failed = all_here = all_elsewhere = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        suites = (suite(number, folder) for number in range(options.suites if not options.only else 0))
        histories = itertools.chain(suites, projects(options.only))
        left = options.patches
        for name, files, old, new in histories:
            is_project = old.parent != folder
            if is_project and not left:
                break
            result = history(name, files, old, new, folder / "work")
            if result is None:
                continue
            left -= is_project
            wrong, here, elsewhere = result
            print(f"{name}: {here} on changed lines, {elsewhere} elsewhere", *wrong, sep="\n  ", flush=True)
            passed, failed = passed + (not wrong), failed + bool(wrong)
            all_here, all_elsewhere = all_here + here, all_elsewhere + elsewhere
    print(f"{all_here} findings on changed lines, {all_elsewhere} made elsewhere")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
