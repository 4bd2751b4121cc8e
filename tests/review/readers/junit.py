"""Reads a JUnit report with junitparser: it has what the JSON document of the same files has."""

import json
import sys

from junitparser import Error, Failure, JUnitXml, Skipped

report, document = sys.argv[1:]
found = json.load(open(document, encoding="utf-8"))
cases = [case for suite in JUnitXml.fromfile(report) for case in suite]


def count(kind):
    return sum(isinstance(result, kind) for case in cases for result in case.result)


severities = found["summary"]["findings"]
assert count(Failure) == severities["error"] + severities["warning"], severities
assert count(Skipped) == severities["information"] + severities["hint"], severities
assert count(Error) == len(found["errors"]), found["errors"]
messages = {result.message for case in cases for result in case.result}
for finding in found["findings"]:
    assert any(finding["code"] in case.name for case in cases), finding
    assert finding["message"] in messages, finding
