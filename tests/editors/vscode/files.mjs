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

/** A project with two pitfalls and a note about one of them. */
export const SHOP = {
  "marginote.toml": 'notes = ["notes"]\ncode-lens = true\n',
  "shop/basket.py": BASKET,
  "notes/term.md": NOTE,
};
