#!/usr/bin/env python3
"""Times `marginote check` beside `ruff check` and `ast-grep scan` over the same folders.

  tests/review/speed.py [--marginote BINARY] [--runs N] FOLDER...

Cold runs use no cache. A warm run is one of the same files again. A diff run looks at a change of one line in each
of twenty files. Ruff runs its rules that overlap with ours; ast-grep looks for one pattern, a mutable default. What
is not installed is left out. Figures are medians: read them as ratios of one run of this script.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

OVERLAPPING = "B006,RUF012,RUF008,PLW2101"
SELECTED = "GIL001,GIL002,GIL003,GIL006,GIL007,MUT001,MUT003,MUT004,MUT006,SNG001,SNG002,SNG004,SNG007,MET001,MET003,MET004,MET005,MET007"
PATTERN = "id: default\nlanguage: python\nrule:\n  pattern:\n    context: 'def f($A=[]): pass'\n    selector: default_parameter\n"
CHANGED = 20


def measure(command, folder, environment, runs):
    """The median of seconds on the clock, of processor seconds and of the most memory in MB."""
    figures = []
    for _ in range(runs):
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 1):
            raise SystemExit(f"{command[0]} ended with {process.returncode}")
        figures.append((time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return [statistics.median(column) for column in zip(*figures)]


def binary(name):
    """A program on PATH itself, where PATH leads to a script that starts it."""
    found = shutil.which(name)
    real = shutil.which("pyenv") and found and subprocess.run(["pyenv", "which", name], capture_output=True, text=True).stdout.strip()
    return real or found


def repository(folder, names):
    """A git repository of the folders, with a change in some of its files."""
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    subprocess.run([*git, "init", "-q"], cwd=folder, check=True)
    subprocess.run([*git, "add", "-A"], cwd=folder, check=True)
    subprocess.run([*git, "commit", "-qm", "before"], cwd=folder, check=True)
    files = sorted(path for name in names for path in (folder / name).rglob("*.py"))
    changed = files[:: max(1, len(files) // CHANGED)][:CHANGED]
    for path in changed:
        with path.open("a") as file:
            file.write("\n\ndef added(items=[]):\n    items.append(1)\n")
    return [str(path.relative_to(folder)) for path in changed]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--marginote", default=shutil.which("marginote"))
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("folders", nargs="+", type=pathlib.Path)
    args = parser.parse_args()
    ours, ruff, ast_grep = [str(pathlib.Path(args.marginote).absolute()), "check", "--isolated", "--exit-zero"], binary("ruff"), binary("ast-grep")
    theirs = [ruff, "check", "--isolated", "--preview", "-q", "--exit-zero", "--select", OVERLAPPING]
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        project = work / "project"
        for folder in args.folders:
            shutil.copytree(folder, project / folder.name, ignore=shutil.ignore_patterns("__pycache__", ".git"))
        names = [folder.name for folder in args.folders]
        environment = {**os.environ, "XDG_CACHE_HOME": str(work / "cache")}
        (work / "rule.yml").write_text(PATTERN)
        changed = repository(project, names)
        # what has just been written is not yet told by its times
        time.sleep(4)
        runs = [
            ("marginote, cold, the 18 rules that Ruff's overlap with", [*ours, "--no-cache", "--select", SELECTED, *names]),
            ("marginote, cold", [*ours, "--no-cache", *names]),
            ("marginote, warm", [*ours, *names]),
            ("marginote, diff", [*ours, "--diff", "HEAD", *names]),
        ]
        if ruff:
            runs[:0] = [
                ("ruff, cold", [*theirs, "--no-cache", *names]),
                ("ruff, warm", [*theirs, "--cache-dir", str(work / "ruff"), *names]),
                ("ruff, only the changed files", [*theirs, "--no-cache", *changed]),
            ]
        if ast_grep:
            runs.append(("ast-grep, one pattern", [ast_grep, "scan", "-r", str(work / "rule.yml"), *names]))
        print(f"| | seconds | processor | MB |\n| --- | --- | --- | --- |")
        for what, command in runs:
            # the first run fills caches, also the system's
            measure(command, project, environment, 2)
            seconds, processor, memory = measure(command, project, environment, args.runs)
            print(f"| {what} | {seconds:.3f} | {processor:.3f} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
