/** Finding the `marginote` program. Knows nothing of VS Code. */

import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { delimiter, isAbsolute, join } from "node:path";

/** Major, minor, patch. */
export type Version = readonly [number, number, number];

/** The oldest program whose protocol this extension speaks. */
export const OLDEST: Version = [0, 1, 0];

/** How long the program may take to say its version, in milliseconds: a first start may wait for a virus scanner. */
const PATIENCE = 15_000;

/** A program that can be started. */
export interface Binary {
  readonly path: string;
  readonly version: Version;
}

/** Why there is none. `path` is the file that was tried; without a text the setting is of the wrong type. */
export type Problem =
  | { readonly kind: "missing" }
  | { readonly kind: "no-text" }
  | { readonly kind: "broken"; readonly path: string; readonly why: string }
  | { readonly kind: "old"; readonly path: string; readonly version: Version };

/** Where to look. */
export interface Places {
  /** The setting `marginote.path` as it was written, which may be of any type; empty where it is not set. It is never passed over for another program. */
  readonly setting: unknown;
  /** The folder of the extension, which may hold `bin/marginote`. */
  readonly extension: string;
  /** The variable `PATH`. */
  readonly path: string;
}

/**
 * The program to start: the one that the setting names; else the one inside the extension, then the first on PATH.
 *
 * Of the latter two, one that does not run (it is of another platform) or is too old makes room for the next; when no other is there, it is the problem.
 */
export async function find(places: Places): Promise<Binary | Problem> {
  if (typeof places.setting !== "string") {
    return { kind: "no-text" };
  }
  const setting = places.setting.trim();
  if (setting !== "") {
    return ask(home(setting));
  }
  let problem: Problem = { kind: "missing" };
  for (const candidate of await candidates(places)) {
    const answer = await ask(candidate);
    if (!("kind" in answer)) {
      return answer;
    }
    if (problem.kind === "missing") {
      problem = answer;
    }
  }
  return problem;
}

/** The files that are there and may be run. */
async function candidates(places: Places): Promise<string[]> {
  const name = process.platform === "win32" ? "marginote.exe" : "marginote";
  // a relative entry would mean a folder of the workspace
  const folders = places.path.split(delimiter).filter(isAbsolute);
  const paths = [join(places.extension, "bin"), ...folders].map((folder) => join(folder, name));
  const runs = await Promise.all(paths.map(isProgram));
  return [...new Set(paths.filter((_, index) => runs[index]))];
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function home(path: string): string {
  return path.startsWith("~/") || path.startsWith("~\\") ? join(homedir(), path.slice(2)) : path;
}

/** Asks a program for its version. */
function ask(path: string): Promise<Binary | Problem> {
  return new Promise((resolve) => {
    const broken = (why: string): void => resolve({ kind: "broken", path, why });
    if (!isAbsolute(path)) {
      return broken("this is not a whole path");
    }
    execFile(path, ["--version"], { timeout: PATIENCE, windowsHide: true }, (error, stdout, stderr) => {
      if (error) {
        return broken(reason(error, stderr));
      }
      const version = parseVersion(stdout);
      if (version === undefined) {
        return broken(`\`--version\` answers ${JSON.stringify(stdout.slice(0, 80))}: this is another program`);
      }
      return resolve(isOlder(version, OLDEST) ? { kind: "old", path, version } : { path, version });
    });
  });
}

function reason(error: Error & { code?: string | number | null; killed?: boolean }, stderr: string): string {
  if (error.killed) {
    return `it does not answer to \`--version\` within ${PATIENCE / 1000} seconds`;
  }
  switch (error.code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
      return "it may not be run";
    case "ENOEXEC":
      return "it is no program for this machine";
    default:
      return stderr.trim().split("\n")[0] || error.message;
  }
}

/** What `marginote --version` says. Undefined for the words of another program. */
export function parseVersion(words: string): Version | undefined {
  const found = /^marginote (\d+)\.(\d+)\.(\d+)/.exec(words);
  return found ? [Number(found[1]), Number(found[2]), Number(found[3])] : undefined;
}

/** Whether the first comes before the second. */
export function isOlder(version: Version, than: Version): boolean {
  const [major, minor, patch] = version;
  return major !== than[0] ? major < than[0] : minor !== than[1] ? minor < than[1] : patch < than[2];
}

/** What is wrong, for the user: names the place and says what to do. */
export function inWords(problem: Problem): string {
  switch (problem.kind) {
    case "missing":
      return "Marginote: the program `marginote` is neither inside this extension nor on PATH. Install it (`cargo install --path .` in its sources), or say where it is.";
    case "no-text":
      return "Marginote: the setting `marginote.path` must be a text, the whole path of the program.";
    case "broken":
      return `Marginote: ${problem.path} cannot be used: ${problem.why}.`;
    case "old":
      return `Marginote: ${problem.path} is version ${problem.version.join(".")}; this extension needs ${OLDEST.join(".")} or later. Update it, or name another one.`;
  }
}
