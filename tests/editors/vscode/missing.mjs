// The extension without a program inside: none is found, one is too old, one hangs, one ends at once; folders that are not trusted; several folders.

import assert from "node:assert/strict";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Editor } from "./editor.mjs";
import { SHOP } from "./files.mjs";
import { servers } from "./processes.mjs";
import { step } from "./steps.mjs";

let editor, window, programs;

/** A program that stands in for Marginote: it answers `--version`, and does this as a server. */
function program(name, version, serve) {
  const path = `${programs}/${name}`;
  writeFileSync(path, `#!/bin/sh\ncase $1 in --version) echo "marginote ${version}" ;; *) ${serve} ;; esac\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Takes the window to another folder, whose settings name this program. */
async function open(name, settings, files = SHOP) {
  await window?.close();
  const folder = editor.workspace(name, { ...files, ".vscode/settings.json": JSON.stringify(settings) });
  window = await editor.open(folder, `${folder}/shop/basket.py`);
}

before(async () => {
  // nobody's own program on PATH
  const path = process.env.PATH.split(":").filter((folder) => !existsSync(`${folder}/marginote`)).join(":");
  editor = await Editor.start("missing", [`${process.env.OUTPUT}/without.vsix`], {}, { PATH: path });
  programs = `${editor.home}/programs`;
  mkdirSync(programs);
  copyFileSync(process.env.MARGINOTE, `${programs}/marginote`);
});
after(() => editor?.stop());

const shown = () => window;

step("Where there is no program a message says what to do, and leads to the setting", shown, async () => {
  await open("none", {});
  const message = await window.notification(/`marginote` is neither inside this extension nor on PATH/);
  await window.status("warning");
  await window.shot("message");
  await message.getByText("Open Setting", { exact: true }).click();
  await window.page.locator(".settings-editor").filter({ hasText: "Marginote: Path" }).waitFor();
  await window.shot("setting");
  await window.page.keyboard.press("Escape");
});

step("The setting starts the program that it names at once", shown, async () => {
  editor.workspace("none", { ".vscode/settings.json": JSON.stringify({ "marginote.path": `${programs}/marginote` }) });
  await window.status("book");
  await window.problem(/every call of `describe`/);
  assert.equal((await servers(editor.home)).length, 1);
});

step("A setting for the program that is no text is named", shown, async () => {
  editor.workspace("none", { ".vscode/settings.json": JSON.stringify({ "marginote.path": 17 }) });
  await window.notification(/`marginote\.path` must be a text/);
  await window.status("warning");
  editor.workspace("none", { ".vscode/settings.json": JSON.stringify({ "marginote.path": `${programs}/marginote` }) });
  await window.status("book");
});

step("A command that a server does not answer offers to start it again", shown, async () => {
  const [hanging] = await servers(editor.home);
  process.kill(hanging, "SIGSTOP");
  await window.command("Marginote: Recall");
  const message = await window.notification(/the server has not answered for 10 seconds/);
  await window.shot("hangs");
  await message.getByText("Restart", { exact: true }).click();
  const others = async () => (await servers(editor.home)).filter((pid) => pid !== hanging);
  for (let i = 0; i < 100 && (await others()).length === 0; i++) await sleep(200);
  assert.equal((await others()).length, 1);
  await window.status("book");
  await window.problem(/every call of `describe`/);
});

step("A command says that no server runs", shown, async () => {
  await open("gone", { "marginote.path": `${programs}/gone` });
  await window.notification(/programs\/gone cannot be used: there is no such file/);
  await window.command("Notifications: Clear All Notifications");
  await window.command("Marginote: Read the Project and the Notes Again");
  await window.notification(/the server is not running/);
});

step("A program that is too old is named with its version", shown, async () => {
  await open("old", { "marginote.path": program("old", "0.0.9", "exit 1") });
  await window.notification(/programs\/old is version 0\.0\.9; this extension needs/);
  await window.status("warning");
});

step("A server that ends at once is not started for ever", shown, async () => {
  await open("ends", { "marginote.path": program("ends", "0.1.0", `echo x >> ${programs}/starts; exit 7`) });
  await window.notification(/has ended again and again \(exit code 7\) and stays off/);
  assert.equal(readFileSync(`${programs}/starts`, "utf8"), "x\nx\nx\nx\n");
  await window.status("warning");
});

step("A server that does not answer is ended", shown, async () => {
  await open("hangs", { "marginote.path": program("hangs", "0.1.0", "exec sleep 600") });
  await window.status("sync");
  editor.workspace("hangs", { ".vscode/settings.json": JSON.stringify({ "marginote.path": `${programs}/marginote` }) });
  await window.status("book", 90_000);
  await window.problem(/every call of `describe`/);
});

step("The status item says that the project is read, and its menu stops that", shown, async () => {
  // the delay is one of the debug build
  const slow = program("slow", "0.1.0", `MARGINOTE_TEST_HOOKS=1 MARGINOTE_TEST_SLOW_INDEX=200000 exec ${programs}/marginote server`);
  await open("slow", { "marginote.path": slow });
  await window.problem(/every call of `describe`/);
  await window.status("sync");
  const item = window.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: "Stop Reading the Project" });
  await window.until("menu", item, () => window.item.click());
  await window.shot("menu");
  await item.first().click();
  await window.status("book");
});

step("Several folders have configurations of their own, and one that is added is read", shown, async () => {
  await window.close();
  const one = editor.workspace("one", SHOP);
  const two = editor.workspace("two", { ...SHOP, "marginote.toml": 'ignore = ["MUT001"]\n' });
  const file = `${editor.home}/both.code-workspace`;
  const folders = (...folders) => writeFileSync(file, JSON.stringify({ folders: folders.map((path) => ({ path })), settings: { "marginote.path": `${programs}/marginote` } }));
  folders(one);
  window = await editor.open(file, `${one}/shop/basket.py`);
  await window.problem(/every call of `describe`/);
  folders(one, two);
  await window.problems(/this holds one list/).nth(1).waitFor();
  assert.equal(await window.problems(/every call of `describe`/).count(), 1);
});

step("In a folder that is not trusted its settings choose no program and no notes", shown, async () => {
  await window.close();
  const untrusted = { "security.workspace.trust.enabled": true, "security.workspace.trust.startupPrompt": "never", "security.workspace.trust.banner": "never" };
  editor.settings(untrusted);
  const bad = program("bad", "0.1.0", `touch ${programs}/ran; exit 1`);
  const { "marginote.toml": _, ...files } = SHOP;
  await open("untrusted", { "marginote.path": bad, "marginote.notes": ["notes"] }, files);
  await window.notification(/`marginote` is neither inside this extension nor on PATH/);
  await window.page.locator(".statusbar-item").filter({ hasText: "Restricted Mode" }).first().waitFor();
  assert.ok(!existsSync(`${programs}/ran`));
  await window.shot("not-trusted");
  editor.machineSettings({ "marginote.path": `${programs}/marginote` });
  await window.problem(/every call of `describe`/);
  await window.goTo("shop/basket.py", 4, 25);
  await window.command("Marginote: Open the Note About This Place");
  await window.notification(/none of your notes is about this place/);
});
