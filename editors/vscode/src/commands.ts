/** The commands of the palette, and those that lenses and code actions carry. */

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { type Disposable, type LogOutputChannel, type QuickPickItem, commands, languages, window } from "vscode";
import { type Location as LspLocation, type Position as LspPosition, type Range as LspRange, WorkDoneProgressCancelNotification } from "vscode-languageclient/node";
import { showBeside } from "./beside";
import { tell } from "./client";
import { recall } from "./recall";
import type { Server } from "./server";
import type { Status } from "./status";

const run = promisify(execFile);

/** A section that a search found. */
interface Hit {
  readonly uri: string;
  readonly range: LspRange;
  readonly title: string;
  readonly path: readonly string[];
  readonly excerpt: string;
}

/** What `marginote rules --format json` prints of a rule. */
interface Rule {
  readonly code: string;
  readonly name: string;
  readonly title: string;
  readonly concept: string;
}

/** Registers them all. */
export function register(server: Server, status: Status, log: LogOutputChannel): Disposable[] {
  const told = (command: string, act: (...args: unknown[]) => Promise<void>): Disposable =>
    commands.registerCommand(command, async (...args: unknown[]) => {
      try {
        await act(...args);
      } catch (error) {
        log.error(`${command}: ${String(error)}`);
        const message = `Marginote: ${error instanceof Error ? error.message : String(error)}`;
        await tell(window.showErrorMessage, message, { "Show Log": () => log.show(), Restart: () => server.restart() });
      }
    });
  return [
    told("marginote.explain", (...args) => explain(server, args)),
    told("marginote.openNote", (...args) => openNote(server, args)),
    told("marginote.searchNotes", (...args) => searchNotes(server, args)),
    told("marginote.recall", () => recall(server)),
    told("marginote.reindex", () => server.execute("marginote.reindex", [])),
    told("marginote.showLog", async () => log.show()),
    told("marginote.restart", () => server.restart()),
    told("marginote.references", (...args) => references(server, args)),
    told("marginote.menu", () => menu(server, status)),
  ];
}

/** Shows the card of a rule or an idea: the given one, that of the finding at the cursor, or one that the user chooses. */
async function explain(server: Server, args: readonly unknown[]): Promise<void> {
  const what = typeof args[0] === "string" ? args[0] : (codeAtCursor() ?? (await chooseRule(server)));
  if (what !== undefined) {
    await server.execute("marginote.explain", [what]);
  }
}

function codeAtCursor(): string | undefined {
  const editor = window.activeTextEditor;
  if (editor === undefined) {
    return undefined;
  }
  const { active } = editor.selection;
  const here = languages.getDiagnostics(editor.document.uri).filter(({ source, range }) => source === "marginote" && range.contains(active));
  const code = here[0]?.code;
  return typeof code === "object" ? String(code.value) : code?.toString();
}

async function chooseRule(server: Server): Promise<string | undefined> {
  const { state } = server;
  if (state.kind !== "ready") {
    throw new Error("the server is not running.");
  }
  const { stdout } = await run(state.path, ["rules", "--format", "json"]);
  const rules: Rule[] = JSON.parse(stdout).rules;
  const ideas = [...new Set(rules.map(({ concept }) => concept))].filter((concept) => concept !== "").sort();
  const known: QuickPickItem[] = [
    ...rules.map(({ code, name, title }) => ({ label: code, description: name, detail: title })),
    ...ideas.map((idea) => ({ label: idea, description: "an idea" })),
  ];
  return new Promise((resolve) => {
    const pick = window.createQuickPick();
    pick.placeholder = "A rule, or the name of an idea";
    pick.matchOnDescription = pick.matchOnDetail = true;
    pick.items = known;
    // ideas that no rule has, and those of the user's own cards, have names too
    pick.onDidAccept(() => {
      resolve(pick.activeItems[0]?.label ?? (pick.value.trim() || undefined));
      pick.hide();
    });
    pick.onDidHide(() => {
      pick.dispose();
      resolve(undefined);
    });
    pick.show();
  });
}

/** Opens the note about a place: the given one, or the cursor. The server shows it, through `window/showDocument`. */
async function openNote(server: Server, args: readonly unknown[]): Promise<void> {
  const place = args[0] ?? atCursor(server);
  if (place === undefined) {
    throw new Error("open a Python file first: the note about the place of the cursor is opened.");
  }
  const found = await server.execute<unknown>("marginote.openNote", [place]);
  if (found === null) {
    await window.showInformationMessage("Marginote: none of your notes is about this place.");
  }
}

function atCursor(server: Server): unknown {
  const editor = window.activeTextEditor;
  const code = server.client?.code2ProtocolConverter;
  return editor && code && { textDocument: code.asTextDocumentIdentifier(editor.document), position: code.asPosition(editor.selection.active) };
}

/** Searches the notes while the user types, and shows the section that is chosen. */
async function searchNotes(server: Server, args: readonly unknown[]): Promise<void> {
  const pick = window.createQuickPick<QuickPickItem & { hit: Hit }>();
  pick.placeholder = "Words of your notes";
  let asked = 0;
  const search = async (words: string): Promise<void> => {
    const number = ++asked;
    if (words.trim() === "") {
      pick.items = [];
      return;
    }
    pick.busy = true;
    try {
      const hits = await server.execute<Hit[] | null>("marginote.searchNotes", [words]);
      // an answer to older words may come after one to newer words
      if (number === asked) {
        pick.items = (hits ?? []).map(item);
        pick.title = pick.items.length === 0 ? "No section of your notes says this" : "";
      }
    } catch (error) {
      pick.title = error instanceof Error ? error.message : String(error);
    } finally {
      pick.busy = number !== asked;
    }
  };
  pick.onDidChangeValue(search);
  pick.onDidAccept(async () => {
    const hit = pick.activeItems[0]?.hit;
    const protocol = server.client?.protocol2CodeConverter;
    pick.hide();
    if (hit && protocol) {
      await showBeside(protocol.asUri(hit.uri), protocol.asRange(hit.range), false);
    }
  });
  pick.onDidHide(() => pick.dispose());
  pick.show();
  if (typeof args[0] === "string") {
    pick.value = args[0];
    await search(args[0]);
  }
}

/** What was found, shown whether or not the words stand in its title: the server has searched. */
function item(hit: Hit): QuickPickItem & { hit: Hit } {
  return { label: hit.title, description: hit.path.join(" › "), detail: hit.excerpt.replace(/\s+/g, " "), alwaysShow: true, hit };
}

/** What a lens carries: the places to show at a position of a document. */
async function references(server: Server, [uri, at, places]: readonly unknown[]): Promise<void> {
  const protocol = server.client?.protocol2CodeConverter;
  if (protocol !== undefined) {
    const locations = (places as LspLocation[]).map((place) => protocol.asLocation(place));
    await commands.executeCommand("editor.action.showReferences", protocol.asUri(uri as string), protocol.asPosition(at as LspPosition), locations);
  }
}

/** What a click on the status item offers. */
async function menu(server: Server, status: Status): Promise<void> {
  const run = (command: string) => () => commands.executeCommand(command);
  const { beingRead } = status;
  const stop = () => beingRead && server.client?.sendNotification(WorkDoneProgressCancelNotification.type, { token: beingRead.token });
  const items = [
    ...(beingRead ? [{ label: "$(stop-circle) Stop Reading the Project", act: stop }] : []),
    ...(status.problemsInNotes > 0 ? [{ label: "$(note) Show the Problems", act: run("workbench.actions.view.problems") }] : []),
    { label: "$(search) Search Notes", act: run("marginote.searchNotes") },
    { label: "$(question) Explain a Rule or an Idea", act: run("marginote.explain") },
    { label: "$(mortar-board) Recall: Questions About This Project", act: run("marginote.recall") },
    { label: "$(sync) Read the Project and the Notes Again", act: run("marginote.reindex") },
    { label: "$(output) Show Log", act: run("marginote.showLog") },
    { label: "$(debug-restart) Restart", act: run("marginote.restart") },
  ];
  const chosen = await window.showQuickPick(items, { title: "Marginote" });
  await chosen?.act();
}
