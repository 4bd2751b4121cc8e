/** The item in the status bar: starting, reading the project, ready, problems with notes, stopped. */

import { type Disposable, MarkdownString, StatusBarAlignment, ThemeColor, Uri, languages, window } from "vscode";
import type { State } from "./server";

export class Status implements Disposable {
  private readonly item = window.createStatusBarItem("marginote.status", StatusBarAlignment.Right, 0);
  private readonly listener: Disposable;
  private state: State = { kind: "starting" };
  /** How much of the project is read, in hundredths; undefined while nothing is being read. */
  private reading: number | undefined;
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

  /** So many hundredths of the project are read; undefined when all is read. */
  read(percent: number | undefined): void {
    this.reading = percent;
    this.draw();
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
          return ["$(sync~spin)", `The notes and the project are being read: ${this.reading} %.`];
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
