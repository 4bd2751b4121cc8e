// The extension beside Ruff and basedpyright: nothing is said twice, and nobody is in the way of the others.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { Editor } from "./editor.mjs";
import { SHOP } from "./files.mjs";
import { step } from "./steps.mjs";

const BAG = `import os
import threading


def add(item, basket=[]):
    basket.append(item)
    return basket


class One:
    def __new__(cls, size):
        return super().__new__(cls, size)


def quiet(item, basket=[]):  # noqa: B006
    basket.append(item)
    return basket


count: int = "three"
One(1)
threading.Lock()
`;

const SETTINGS = JSON.stringify({ "editor.codeActionsOnSave": { "source.fixAll": "explicit" } });

let editor, window, shop;

before(async () => {
  const { OUTPUT, EDITORS_ROOT } = process.env;
  editor = await Editor.start("beside", [`${OUTPUT}/with.vsix`, `${OUTPUT}/peers.vsix`], {}, { MARGINOTE_PEERS: `${EDITORS_ROOT}/peers/bin` });
  shop = editor.workspace("shop", { ...SHOP, "pyproject.toml": '[tool.ruff.lint]\nselect = ["B", "F"]\n', "bag.py": BAG, ".vscode/settings.json": SETTINGS });
  window = await editor.open(shop, `${shop}/bag.py`);
});
after(() => editor?.stop());

const shown = () => window;

/** Waits until a hover has these words, for servers answer one after the other, and looks that it has each once. Code has no-break spaces in it. */
async function each(hover, ...words) {
  for (const one of words) {
    await hover.filter({ hasText: new RegExp(one.split(" ").map(RegExp.escape).join("\\s")) }).waitFor();
    const text = (await hover.innerText()).replaceAll("\u00a0", " ");
    assert.equal(text.split(one).length - 1, 1, one);
  }
}

step("Each finding is there once, with the name of its server", shown, async (window) => {
  // what Ruff says too is a hint of ours, and VS Code leaves hints out
  for (const [code, line] of [["SNG007", 12], ["B006", 5], ["F401", 1], ["reportAssignmentType", 20]]) {
    await window.problem(new RegExp(`${code}.*Ln ${line},`));
    assert.equal(await window.problems(code).count(), 1, code);
  }
  assert.equal(await window.problems("MUT001").count(), 0);
});

step("A hover has the words of each server once", shown, async (window) => {
  const finding = await window.hover("[]", /Your notes/);
  await each(finding, "that leaves `basket` out", "basket is changed here", "A mutable default is shared by all calls", "Do not use mutable data structures");
  await window.shot("finding");
  await each(await window.hover("threading", /Interpreter Lock/), "(module) threading", "The Global Interpreter Lock");
});

step("The menu has the fixes of all, each once", shown, async (window) => {
  await window.goTo("bag.py", 5, 22);
  const row = window.page.locator(".action-widget .monaco-list-row");
  await window.until("fixes of Ruff", row.filter({ hasText: "Ruff (B006)" }), async () => {
    await window.page.keyboard.press("Escape");
    await window.page.keyboard.press("Control+.");
  });
  const titles = await row.allInnerTexts();
  assert.equal(new Set(titles).size, titles.length, titles.join("\n"));
  for (const title of [/Use `None`, and make `basket`/, /Silence MUT001 here/, /Ruff \(B006\): Replace with `None`/, /Ruff \(B006\): Disable for this line/, /pyright: ignore/]) {
    assert.ok(titles.some((other) => title.test(other)), `${title} in ${titles.join("\n")}`);
  }
  await window.shot("menu");
  await window.page.keyboard.press("Escape");
});

step("The definition is the type checker's alone", shown, async (window) => {
  await window.goTo("bag.py", 21, 2);
  await window.until("the class", window.cursor(10), () => window.page.keyboard.press("F12"));
  assert.equal(await window.page.locator(".reference-zone-widget, .peekview-widget").count(), 0);
});

step("What Ruff silences is silenced here, too", shown, async (window) => {
  await window.goTo("bag.py", 5, 22);
  await window.quickFix(/Ruff \(B006\): Disable for this line/);
  await window.problems("B006").first().waitFor({ state: "detached" });
  const hint = window.page.locator(".squiggly-hint");
  await hint.first().waitFor({ state: "detached" });
  await window.undo(/basket=\[\]\)(?!.*(noqa|ignore))/);
  await hint.first().waitFor();
});

step("Saving makes the safe fixes of all", shown, async (window) => {
  // only what was changed is saved
  await window.goTo("bag.py", 22, 17);
  await window.page.keyboard.insertText("  # why");
  await window.page.keyboard.press("Control+S");
  await window.lines(/return super\(\)\.__new__\(cls\)/).first().waitFor();
  await window.problems("SNG007").first().waitFor({ state: "detached" });
  await window.problems("F401").first().waitFor({ state: "detached" });
  const text = BAG.replace("import os\n", "").replace("(cls, size)\n", "(cls)\n").replace("Lock()\n", "Lock()  # why\n");
  assert.equal(readFileSync(`${shop}/bag.py`, "utf8"), text);
});
