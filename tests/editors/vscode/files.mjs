// The folders that the tests open.

const BASKET = `"""What a customer is about to buy."""


def describe(item, seen={}):
    seen[item] = seen.get(item, 0) + 1
    return f"{item} ({seen[item]})"


def empty_shelves(rows, columns):
    shelves = [[None] * columns] * rows
    shelves[0][0] = "first"
    return shelves
`;

const NOTE = `# Python, second term

## Functions

### Mutable default arguments

The default value of a parameter is made once, when \`def\` runs, and not with each call.
A list or a dict as the default value is shared by all calls. Use \`None\` and make it in the function.

### Threads

Only one thread runs Python code at a time: the GIL.
`;

/** Two findings whose fixes are safe. */
export const PAIRS = `class One:
    def __new__(cls, size):
        return super().__new__(cls, size)


class Two:
    def __new__(cls, size):
        return super().__new__(cls, size)


One(1), Two(2)
`;

/** A project with two pitfalls and a note about one of them. */
export const SHOP = {
  "marginote.toml": 'notes = ["notes"]\ncode-lens = true\n',
  "shop/basket.py": BASKET,
  "notes/term.md": NOTE,
};

const cell = (type, lines) => ({
  cell_type: type,
  metadata: {},
  source: lines,
  ...(type === "code" && { execution_count: null, outputs: [] }),
});

/** A notebook whose last cell changes what the one above shares. */
export const NOTEBOOK = JSON.stringify({
  cells: [
    cell("code", ["%matplotlib inline\n", "def describe(item, seen={}):\n", "    seen[item] = 1\n", "    return seen"]),
    cell("markdown", ["# Used\n"]),
    cell("code", ["!ls\n", "shelves = [[None] * 2] * 3"]),
    cell("code", ["shelves[0][0] = 1"]),
  ],
  metadata: { language_info: { name: "python" }, kernelspec: { name: "python3", display_name: "Python 3" } },
  nbformat: 4,
  nbformat_minor: 5,
});
