/** The item in the status bar: starting, reading the project, ready, problems with notes, stopped. */

import { type Disposable, MarkdownString, StatusBarAlignment, ThemeColor, Uri, languages, window } from "vscode";
import type { ProgressToken } from "vscode-languageclient/node";
import type { State } from "./server";

/** The project and the notes are being read. */
export interface Reading {
  /** The server's name for it. */
  readonly token: ProgressToken;
  /** In hundredths. */
  readonly percent: number;
}

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem("marginote.status", StatusBarAlignment.Right, 0);
  private readonly listener: Disposable;
  private state: State = { kind: "starting" };
  private reading: Reading | undefined;
  private inNotes = 0;

  constructor() {
    this.item.name = "Marginote";
    this.item.command = "marginote.menu";
    this.listener = languages.onDidChangeDiagnostics(() => this.count());
    this.count();
    this.item.show();
  }

  dispose(): void {
    this.listener.dispose();
    this.item.dispose();
  }

  /** The server is in another state. */
  server(state: State): void {
    this.state = state;
    if (state.kind !== "ready") {
      this.reading = undefined;
    }
    this.draw();
  }

  /** How far the project is read; undefined when nothing is being read. */
  read(reading: Reading | undefined): void {
    this.reading = reading;
    this.draw();
  }

  /** What is being read, for who wants to stop it. */
  get beingRead(): Reading | undefined {
    return this.reading;
  }

  /** How many problems there are in notes. */
  get problemsInNotes(): number {
    return this.inNotes;
  }

  private count(): void {
    const notes = languages.getDiagnostics().filter(([uri]) => isNote(uri));
    const ours = notes.flatMap(([, diagnostics]) => diagnostics.filter(({ source }) => source === "marginote"));
    this.inNotes = ours.length;
    this.draw();
  }

  private draw(): void {
    const [icon, words] = this.words();
    const problems = this.inNotes > 0 && this.state.kind === "ready" ? ` $(note) ${this.inNotes}` : "";
    this.item.text = `${icon} Marginote${problems}`;
    this.item.tooltip = new MarkdownString(`**Marginote**\n\n${words}`);
    this.item.backgroundColor = this.state.kind === "stopped" ? new ThemeColor("statusBarItem.warningBackground") : undefined;
    this.item.accessibilityInformation = { label: `Marginote: ${words}` };
  }

  private words(): [icon: string, words: string] {
    switch (this.state.kind) {
      case "starting":
        return ["$(sync~spin)", "The server is being started."];
      case "stopped":
        return ["$(warning)", this.state.why];
      case "ready": {
        if (this.reading !== undefined) {
          return ["$(sync~spin)", `The notes and the project are being read: ${this.reading.percent} %.`];
        }
        const version = `Version ${this.state.version.join(".")} is ready.`;
        const problems = this.inNotes === 1 ? "One problem in notes." : `${this.inNotes} problems in notes.`;
        return ["$(book)", this.inNotes === 0 ? version : `${version} ${problems}`];
      }
    }
  }
}

/** Whether a diagnostic of ours there is about a note. */
function isNote(uri: Uri): boolean {
  return /\.(md|markdown|txt)$/i.test(uri.path);
}
