"""Ends with 0 if the log is valid against the schema."""

import json
import sys

from jsonschema import Draft7Validator, FormatChecker

schema, log = (json.load(open(path, encoding="utf-8")) for path in sys.argv[1:])
problems = list(Draft7Validator(schema, format_checker=FormatChecker()).iter_errors(log))
for problem in problems:
    print(problem.json_path, problem.message)
sys.exit(len(problems) > 0)
