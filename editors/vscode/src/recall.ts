/** Questions about the ideas that the project uses, in a panel beside the code. */

import { randomBytes } from "node:crypto";
import { type WebviewPanel, commands, window } from "vscode";
import { column } from "./beside";
import type { Server } from "./server";

/** A question with its answer; both are Markdown. */
interface Question {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
  readonly concept: string;
}

const GRADES = ["again", "hard", "good", "easy"] as const;

/** What the page sends. */
type Sent = { readonly show: true } | { readonly grade: (typeof GRADES)[number] };

/** Asks what is due, one question after the other, and keeps each answer. */
export async function recall(server: Server): Promise<void> {
  const questions = await server.execute<Question[] | null>("marginote.recall", []);
  if (questions === null || questions.length === 0) {
    await window.showInformationMessage("Marginote: no question about this project is due.");
    return;
  }
  const panel = window.createWebviewPanel("marginote.recall", "Marginote: Recall", column(), { enableScripts: true, localResourceRoots: [] });
  let closed = false;
  panel.onDidDispose(() => {
    closed = true;
  });
  for (const [index, question] of questions.entries()) {
    const heading = `${question.concept} · ${index + 1} of ${questions.length}`;
    await draw(panel, heading, question.question, undefined);
    await answer(panel);
    if (closed) {
      return;
    }
    await draw(panel, heading, question.question, question.answer);
    const sent = await answer(panel);
    if (closed || sent === undefined || !("grade" in sent)) {
      return;
    }
    await server.execute("marginote.recall", [{ id: question.id, grade: sent.grade }]);
  }
  panel.dispose();
  await window.showInformationMessage("Marginote: these were the questions that are due.");
}

/** What the page sends next; undefined when the panel is closed. */
function answer(panel: WebviewPanel): Promise<Sent | undefined> {
  return new Promise((resolve) => {
    const listeners = [
      panel.webview.onDidReceiveMessage((sent: Sent) => end(sent)),
      panel.onDidDispose(() => end(undefined)),
    ];
    const end = (sent: Sent | undefined): void => {
      listeners.forEach((listener) => listener.dispose());
      resolve(sent);
    };
  });
}

/** Shows a question, with its answer once it is asked for. Nothing in the Markdown of either can run or load anything: the policy of the page allows its own script alone. */
async function draw(panel: WebviewPanel, heading: string, question: string, solution: string | undefined): Promise<void> {
  const html = (markdown: string): Thenable<string> => commands.executeCommand<string>("markdown.api.render", markdown);
  const nonce = randomBytes(16).toString("hex");
  const buttons = solution === undefined ? [button({ show: true }, "Show the answer")] : GRADES.map((grade) => button({ grade }, grade));
  panel.webview.html = `<!DOCTYPE html>
<html><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<style nonce="${nonce}">
  body { max-width: 45em; padding: 1em; font-size: 1.1em; }
  h2 { font-size: 0.9em; font-weight: normal; opacity: 0.7; }
  button { color: var(--vscode-button-foreground); background: var(--vscode-button-background); border: none; padding: 0.5em 1.2em; margin: 1em 0.5em 0 0; font-size: 1em; cursor: pointer; }
  button:focus { outline: 2px solid var(--vscode-focusBorder); }
</style></head>
<body><h2>${escape(heading)}</h2><main>${await html(question)}</main>${solution === undefined ? "" : `<hr>${await html(solution)}<p>How well did you know it?</p>`}
<div>${buttons.join("")}</div>
<script nonce="${nonce}">
  const page = acquireVsCodeApi();
  const buttons = document.currentScript.previousElementSibling.children;
  [...buttons].forEach((button) => button.addEventListener("click", () => page.postMessage(JSON.parse(button.dataset.sends))));
  buttons[0].focus();
</script></body></html>`;
}

function button(sends: Sent, words: string): string {
  return `<button data-sends="${escape(JSON.stringify(sends))}">${words}</button>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
