"""Reads a log with sarif-tools: every result is about a file that is there, on a line that it has, and so is its evidence; a flow goes through all of it."""

import json
import os
import sys
from urllib.parse import unquote

from sarif.loader import load_sarif_file

path, folder = sys.argv[1:]
loaded = load_sarif_file(path)
records = loaded.get_records()
assert records, "nothing is found"
results = json.load(open(path, encoding="utf-8"))["runs"][0]["results"]
assert len(records) == len(results)


def lines(place):
    place = place["physicalLocation"]
    name = unquote(place["artifactLocation"]["uri"])
    with open(os.path.join(folder, name), encoding="utf-8", newline="") as file:
        text = file.read().splitlines()
    region = place["region"]
    assert 1 <= region["startLine"] <= region["endLine"] <= len(text), (name, region)
    last = text[region["endLine"] - 1]
    assert region["endColumn"] <= len(last.encode("utf-16-le")) // 2 + 1, (name, region)


for record, result in zip(records, results):
    assert record["Code"] == result["ruleId"], record
    related = result.get("relatedLocations", [])
    for place in result["locations"] + related:
        lines(place)
    for flow in result.get("codeFlows", []):
        [steps] = [thread["locations"] for thread in flow["threadFlows"]]
        assert len(steps) == len(related) + 1
        for step in steps:
            lines(step["location"])
