// The extension with the program inside, as users get it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Editor } from "./editor.mjs";
import { NOTEBOOK, PAIRS, SHOP } from "./files.mjs";
import { servers } from "./processes.mjs";
import { step } from "./steps.mjs";

let editor, window, shop;

before(async () => {
  editor = await Editor.start("shop", [`${process.env.OUTPUT}/with.vsix`], {});
  shop = editor.workspace("shop", SHOP);
  window = await editor.open(shop, `${shop}/shop/basket.py`);
});
after(() => editor?.stop());

const shown = () => window;

/** Writes the settings of the folder. */
function settings(settings) {
  editor.workspace("shop", { ".vscode/settings.json": JSON.stringify(settings) });
}

step("A finding has a squiggle, and stands in Problems with its evidence", shown, async (window) => {
  await window.problem(/every call of `describe`/);
  await window.page.locator(".squiggly-warning").first().waitFor();
  await window.problems(/seen is changed here/).first().waitFor();
  await window.problems(/changes the one object that all places share/).first().waitFor();
});

step("The evidence in Problems leads to its line", shown, async (window) => {
  await window.until("line of the evidence", window.cursor(11), () => window.problems(/changes the one object/).first().dblclick());
});

step("A hover explains the finding and quotes the user's note", shown, async (window) => {
  const hover = await window.hover("{}", /Your notes/);
  const text = await hover.innerText();
  assert.match(text, /A mutable default is shared by all calls/);
  // the finding's own words, which VS Code shows, are not said again
  assert.equal(text.match(/gets the same object, made once/g)?.length, 1);
  assert.equal(text.match(/seen is changed here/g)?.length, 1);
  assert.match(text, /term\.md › Python, second term › Functions › Mutable default arguments/);
  assert.match(text, /is made once, when def runs/);
});

step("The evidence in the hover leads to its line", shown, async (window) => {
  const hover = await window.hover("{}", /seen is changed here/);
  await hover.locator("a", { hasText: "basket.py(5, 5)" }).click();
  await window.cursor(5, 5).first().waitFor();
});

step("The link in the hover opens the note at its section", shown, async (window) => {
  const hover = await window.hover("{}", /Your notes/);
  await hover.locator("a", { hasText: "open the note" }).click();
  await window.page.locator(".tab.active").filter({ hasText: "term.md" }).waitFor();
  await window.cursor(5).first().waitFor();
});

step("A lens over the section says in how many places the code uses it, and shows them", shown, async (window) => {
  const lens = window.page.locator(".codelens-decoration a").filter({ hasText: "used in 1 place" }).first();
  const peek = window.page.locator(".reference-zone-widget").filter({ hasText: "basket.py" });
  await window.until("places of the code", peek, async () => {
    // opened anew each time: VS Code can keep a lens on the screen whose command it has given up already
    await window.page.keyboard.press("Control+F4");
    await window.goTo("notes/term.md", 5, 1);
    await lens.click();
  });
  await window.shot("peek");
  await window.page.keyboard.press("Escape");
});

step("The link to the card opens it as a page to read", shown, async (window) => {
  await window.goTo("shop/basket.py", 1, 1);
  const hover = await window.hover("{}", /open the card/);
  await hover.locator("a", { hasText: "open the card" }).click();
  await window.preview(/A mutable default is shared by all calls/);
});

step("Explain shows the card of the finding at the cursor beside the code", shown, async (window) => {
  await window.goTo("shop/basket.py", 10, 16);
  await window.command("Marginote: Explain a Rule or an Idea");
  await window.preview(/MUT006/);
  assert.equal(await window.page.locator(".editor-group-container").count(), 2);
});

step("Explain lets the user choose a rule", shown, async (window) => {
  await window.goTo("shop/basket.py", 1, 1);
  await window.command("Marginote: Explain a Rule or an Idea");
  await window.ask("cpu-bound-thread-pool");
  await window.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "GIL002" }).first().waitFor();
  await window.shot("choose");
  await window.page.keyboard.press("Enter");
  await window.preview(/GIL002/);
});

step("A setting applies while the server runs", shown, async (window) => {
  await window.goTo("shop/basket.py", 1, 1);
  await window.problem(/MUT001/);
  settings({ "marginote.ignore": ["MUT001"] });
  await window.problems(/MUT001/).first().waitFor({ state: "detached" });
  await window.problem(/MUT006/);
  settings({});
  await window.problem(/MUT001/);
});

step("What is wrong in a note is marked there, and counted in the status bar", shown, async (window) => {
  editor.workspace("shop", { "notes/wrong.md": "# Links\n\nThis [leads](nowhere.md) to nothing.\n" });
  await window.goTo("notes/wrong.md", 1, 1);
  await window.problem(/NOTE008/);
  await window.status("note");
  await window.shot("counted");
  await window.page.keyboard.press("Control+A");
  await window.page.keyboard.insertText("# Nothing is wrong here");
  await window.problems(/NOTE008/).first().waitFor({ state: "detached" });
  await window.undo(/leads/);
});

step("Settings that name rules are completed", shown, async (window) => {
  settings({ "marginote.ignore": [] });
  await window.goTo(".vscode/settings.json", 1, '{"marginote.ignore":['.length + 1);
  const rule = window.page.locator(".suggest-widget .monaco-list-row").filter({ hasText: "GIL001 cpu-bound-thread" });
  await window.until("names of rules", rule, () => window.page.keyboard.press("Control+Space"));
  await window.shot("rules");
  await window.page.keyboard.press("Escape");
  settings({});
});

step("A walkthrough leads through the first start", shown, async (window) => {
  await window.command("Open Walkthrough...");
  const row = window.page.locator(".quick-input-list .monaco-list-row.focused").filter({ hasText: "Marginote: notes in the margin" });
  await window.until("walkthrough", row, () => window.ask("Marginote"));
  await window.page.keyboard.press("Enter");
  await window.page.locator(".getting-started-step").filter({ hasText: "Name your notes" }).first().click();
  await window.page.locator(".getting-started-step").filter({ hasText: "The hover quotes the section" }).first().waitFor();
  await window.shot("notes");
  await window.command("View: Close All Editors");
});

step("A setting of the wrong type is named, and the rest applies", shown, async (window) => {
  settings({ "marginote.free-threaded": "yes", "marginote.ignore": ["MUT006"] });
  await window.notification(/`free-threaded` must be true or false/);
  await window.problems(/MUT006/).first().waitFor({ state: "detached" });
  await window.shot("message");
  settings({});
  await window.command("Notifications: Clear All Notifications");
  await window.problem(/MUT006/);
});

step("A quick fix changes the code", shown, async (window) => {
  await window.goTo("shop/basket.py", 4, 25);
  await window.quickFix(/Use `None`, and make `seen` in the body/);
  await window.lines(/def describe\(item, seen=None\)/).first().waitFor();
  await window.problems(/every call of `describe`/).first().waitFor({ state: "detached" });
  await window.shot("fixed");
  await window.undo(/def describe\(item, seen=\{\}\)/);
  await window.problem(/every call of `describe`/);
});

step("A comment that silences a finding is written from the menu", shown, async (window) => {
  await window.goTo("shop/basket.py", 10, 16);
  await window.quickFix(/Silence MUT006 here/);
  await window.lines(/\* rows\s+# marginote: ignore\[MUT006\]/).first().waitFor();
  await window.problems(/MUT006/).first().waitFor({ state: "detached" });
  await window.shot("silenced");
  await window.undo(/columns\] \* rows$/);
  await window.problem(/MUT006/);
});

step("Fix all makes every safe fix of the file", shown, async (window) => {
  editor.workspace("shop", { "shop/pairs.py": PAIRS });
  await window.goTo("shop/pairs.py", 1, 1);
  await window.problem(/SNG007/);
  await window.command("Fix All");
  await window.problems(/SNG007/).first().waitFor({ state: "detached" });
  await window.lines(/return super\(\)\.__new__\(cls\)/).first().waitFor();
});

step("The note is opened from the menu of a finding, beside the code", shown, async (window) => {
  await window.goTo("shop/basket.py", 4, 25);
  await window.quickFix(/Open the note/);
  await window.page.locator(".editor-group-container.active .tab.active").filter({ hasText: "term.md" }).waitFor();
  await window.cursor(5).first().waitFor();
  await window.page.locator(".editor-group-container").filter({ has: window.page.locator(".tab.active", { hasText: "basket.py" }) }).first().waitFor();
});

step("The note about the place of the cursor is opened with a command", shown, async (window) => {
  await window.command("View: Close All Editors");
  await window.goTo("shop/basket.py", 4, 25);
  await window.command("Marginote: Open the Note About This Place");
  await window.page.locator(".editor-group-container.active .tab.active").filter({ hasText: "term.md" }).waitFor();
  await window.cursor(5).first().waitFor();
  assert.equal(await window.page.locator(".editor-group-container").count(), 2);
  await window.goTo("shop/basket.py", 1, 1);
  await window.command("Marginote: Open the Note About This Place");
  await window.notification(/none of your notes is about this place/);
  await window.command("Notifications: Clear All Notifications");
});

step("Notes are searched while words are typed", shown, async (window) => {
  await window.command("Marginote: Search Notes");
  const row = window.page.locator(".quick-input-list .monaco-list-row").filter({ hasText: "Threads" });
  await window.ask("one thread runs");
  await row.first().waitFor();
  await window.shot("found");
  await window.page.keyboard.press("Enter");
  await window.page.locator(".tab.active").filter({ hasText: "term.md" }).first().waitFor();
  await window.cursor(10).first().waitFor();
});

step("Recall asks, shows the answer, and keeps the grade", shown, async (window) => {
  await window.command("Marginote: Recall");
  const question = await window.preview(/1 of \d+/);
  await window.shot("question");
  await question.getByRole("button", { name: "Show the answer" }).click();
  const answer = await window.preview(/How well did you know it\?/);
  await window.shot("answer");
  await answer.getByRole("button", { name: "easy" }).click();
  await window.preview(/2 of \d+/);
  const kept = JSON.parse(readFileSync(`${editor.home}/share/marginote/recall.json`, "utf8"));
  assert.match(JSON.stringify(kept), /[0-9a-f]{16}/);
  await window.command("View: Close All Editors");
});

step("What was read is read again, and the log is shown", shown, async (window) => {
  await window.command("Marginote: Read the Project and the Notes Again");
  await window.status("book");
  await window.command("Marginote: Show Log");
  await window.lines(/\[info\] starts/).first().waitFor();
  await window.page.keyboard.press("Control+Shift+M");
});

step("Hints stand beside what is shared, when they are wanted", shown, async (window) => {
  settings({ "marginote.inlay-hints": true });
  await window.goTo("shop/basket.py", 1, 1);
  await window.lines(/seen=\{\}.*shared by all calls/).first().waitFor();
  settings({});
});

step("A notebook has findings in its cells, with evidence in another", shown, async (window) => {
  editor.workspace("shop", { "sums.ipynb": NOTEBOOK });
  await window.goToNotebook("sums.ipynb");
  await window.problem(/every call of `describe`/);
  await window.page.locator(".notebook-editor .squiggly-warning").first().waitFor();
  await window.problem(/this holds one list `3` times/);
  const evidence = window.problems(/sums\.ipynb.*changes the one object that all places share/s);
  await evidence.first().dblclick();
  await window.page.locator(".notebook-editor .monaco-list-row.focused").filter({ hasText: "shelves[0][0]" }).first().waitFor();
  const hover = await window.hover("{}", /Your notes/);
  assert.match(await hover.innerText(), /A mutable default is shared by all calls/);
  await window.shot("hover");
  await window.command("View: Close All Editors");
});

step("A server that was killed is started again, and findings follow the text", shown, async (window) => {
  const [first] = await servers(editor.home);
  process.kill(first, "SIGKILL");
  const second = await another(first);
  assert.notEqual(second, first);
  await window.goTo("shop/basket.py", 2, 1);
  await window.page.keyboard.insertText("grid = [[0] * 2] * 7; grid[0][0] = 1");
  await window.problem(/this holds one list `7` times/);
  await window.undo(/^$/);
  await window.problems(/this holds one list `7` times/).first().waitFor({ state: "detached" });
  await window.page.locator(".notification-toast").first().waitFor({ state: "detached" });
});

step("A server that ends again and again stays off, and says so; Restart starts it", shown, async (window) => {
  await window.goTo("notes/term.md", 5, 1);
  const lens = window.page.locator(".codelens-decoration a").filter({ hasText: "used in 1 place" });
  await lens.first().waitFor();
  let last = 0;
  for (let i = 0; i < 3; i++) {
    last = await another(last);
    process.kill(last, "SIGKILL");
  }
  const message = await window.notification(/has ended again and again \(signal SIGKILL\) and stays off/);
  await window.shot("message");
  assert.deepEqual(await servers(editor.home), []);
  await window.status("warning");
  // what nobody answers is not left to be clicked
  await lens.first().waitFor({ state: "detached", timeout: 10_000 });
  await message.getByText("Restart", { exact: true }).click();
  await another(last);
  await window.problem(/MUT001/);
  await lens.first().waitFor();
});

/** The server's process, once it is another than this. */
async function another(than) {
  for (let i = 0; i < 150; i++) {
    const found = (await servers(editor.home)).filter((pid) => pid !== than);
    if (found.length === 1) return found[0];
    await sleep(200);
  }
  throw new Error("no server was started");
}
