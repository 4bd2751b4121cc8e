"""Writes a project with 500 findings in 25 files."""

import os
import sys

folder = sys.argv[1]
os.makedirs(folder)
FUNCTION = """
def collect_{n}(item, bucket=[], *, limit={n}):
    \"\"\"Adds an item to a bucket.\"\"\"
    if len(bucket) > limit:
        return bucket[:limit]
    total = sum(len(part) for part in bucket)
    for part in range(limit):
        total += part
    bucket.append((item, total))
    return bucket

"""
for file in range(25):
    with open(os.path.join(folder, f"part_{file:02}.py"), "w", encoding="utf-8") as out:
        out.write('"""Many findings."""\n\n' + "".join(FUNCTION.format(n=n) for n in range(20)))
