import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { find, inWords, isOlder, parseVersion } from "../src/binary";

const root = mkdtempSync(join(tmpdir(), "marginote-binary-"));
after(() => rmSync(root, { recursive: true }));

let extension: string;
let folders: string[];
let cases = 0;

beforeEach(() => {
  const here = join(root, String(cases++));
  extension = join(here, "extension");
  folders = [join(here, "one"), join(here, "two")];
  for (const folder of [join(extension, "bin"), ...folders]) {
    mkdirSync(folder, { recursive: true });
  }
});

/** A program that answers `--version` so. */
function program(folder: string, answer: string): string {
  const path = join(folder, "marginote");
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && ${answer}\n`);
  chmodSync(path, 0o755);
  return path;
}

const search = (setting: unknown = "") => find({ setting, extension, path: ["", ".", ...folders].join(delimiter) });

test("nothing is there", async () => {
  const found = await search();
  assert.deepEqual(found, { kind: "missing" });
  assert.match(inWords({ kind: "missing" }), /neither inside this extension nor on PATH/);
});

test("the program of the extension comes before PATH, the first folder before the second", async () => {
  const second = program(folders[1]!, "echo marginote 0.3.0");
  assert.deepEqual(await search(), { path: second, version: [0, 3, 0] });
  const first = program(folders[0]!, "echo marginote 0.2.0");
  assert.deepEqual(await search(), { path: first, version: [0, 2, 0] });
  const bundled = program(join(extension, "bin"), "echo marginote 0.1.7");
  assert.deepEqual(await search(), { path: bundled, version: [0, 1, 7] });
});

test("a program that does not run or is old makes room for the next", async () => {
  program(join(extension, "bin"), "exit 3");
  program(folders[0]!, "echo marginote 0.0.9");
  const good = program(folders[1]!, "echo marginote 1.0.0-rc.1");
  assert.deepEqual(await search(), { path: good, version: [1, 0, 0] });
});

test("the first problem is told when no other program is there", async () => {
  const old = program(folders[0]!, "echo marginote 0.0.9");
  program(folders[1]!, "echo marginalia 9.0.0");
  const found = await search();
  assert.deepEqual(found, { kind: "old", path: old, version: [0, 0, 9] });
  assert.match(inWords({ kind: "old", path: old, version: [0, 0, 9] }), /version 0\.0\.9; this extension needs/);
});

test("what the setting names is never passed over", async () => {
  program(folders[0]!, "echo marginote 1.0.0");
  const missing = join(folders[1]!, "marginote");
  assert.deepEqual(await search(missing), { kind: "broken", path: missing, why: "there is no such file" });
  const other = program(folders[1]!, "echo something else");
  const found = await search(other);
  assert.ok("kind" in found && found.kind === "broken");
  assert.match(found.why, /this is another program/);
  const relative = await search("bin/marginote");
  assert.deepEqual(relative, { kind: "broken", path: "bin/marginote", why: "this is not a whole path" });
});

test("a setting of another type is named", async () => {
  program(folders[0]!, "echo marginote 1.0.0");
  for (const setting of [17, null, ["marginote"]]) {
    assert.deepEqual(await search(setting), { kind: "no-text" });
  }
  assert.match(inWords({ kind: "no-text" }), /`marginote\.path` must be a text/);
});

test("a folder and a file without the right to run are no programs", async () => {
  mkdirSync(join(folders[0]!, "marginote"));
  writeFileSync(join(folders[1]!, "marginote"), "marginote 1.0.0");
  assert.deepEqual(await search(), { kind: "missing" });
  const found = await search(join(folders[1]!, "marginote"));
  assert.deepEqual(found, { kind: "broken", path: join(folders[1]!, "marginote"), why: "it may not be run" });
});

test("versions", () => {
  assert.deepEqual(parseVersion("marginote 0.12.3\n"), [0, 12, 3]);
  assert.equal(parseVersion("ruff 0.12.3\n"), undefined);
  assert.equal(parseVersion("marginote 12\n"), undefined);
  const ordered = [[0, 1, 0], [0, 1, 2], [0, 1, 10], [0, 2, 0], [1, 0, 0]] as const;
  ordered.forEach((a, i) => ordered.forEach((b, k) => assert.equal(isOlder(a, b), i < k)));
});
