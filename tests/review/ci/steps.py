"""Takes the scripts out of action.yml and README.md: steps.py ROOT FOLDER."""

import pathlib
import re
import sys

import yaml

root, folder = map(pathlib.Path, sys.argv[1:])
action = yaml.safe_load((root / "action.yml").read_text())
(folder / "action.sh").write_text(action["runs"]["steps"][-1]["run"])
blocks = re.findall(r"^```yaml\n(.*?)^```", (root / "README.md").read_text(), re.M | re.S)
[workflow] = [block for block in blocks if "runs-on" in block]
[gitlab] = [block for block in blocks if "codequality" in block]
(folder / "workflow.yml").write_text(workflow)
(folder / "gitlab.yml").write_text(gitlab)
script = yaml.safe_load(gitlab)["marginote"]["script"]
# the program is there already
(folder / "gitlab.sh").write_text("\n".join(line for line in script if "cargo install" not in line))
