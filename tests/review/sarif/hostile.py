"""Writes a project whose names and code try to be more than text."""

import os
import sys

folder = sys.argv[1]
os.makedirs(folder)
NAME = "`@all` %0A,: ]]> --> <b>&\"' [x](javascript:x) \n::error ::x\x1b[31m\u202e #1 é🎵.py"
CODE = """def add(é, items=[]):  # ``` </script><img src=x onerror=alert(1)> @all [x](https://evil)
    '🎵'; items.append('``` ]]> --> </details> <script>alert(1)</script> \x1b[31m \u202e &#60;b&#62;')
    return items


[x] = [lambda é, 日本={}: 日本.update({'</style><svg onload=alert(1)>': é})]
"""
with open(os.path.join(folder, NAME), "w", encoding="utf-8") as file:
    file.write(CODE)
with open(os.path.join(folder, "binary.py"), "wb") as file:
    file.write(b"\0")
