/** The life of the server's process: found, started, started again after a crash, stopped. */

import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type Disposable, EventEmitter, type ExtensionContext, type LogOutputChannel, commands, env, window, workspace } from "vscode";
import {
  CodeLensRefreshRequest,
  ExecuteCommandRequest,
  LogMessageNotification,
  MessageType,
  type Middleware,
  ShowMessageNotification,
} from "vscode-languageclient/node";
import { type Problem, type Version, find, inWords } from "./binary";
import { Client, tell } from "./client";
import { Crashes } from "./crashes";

/** How long a server may take to answer `initialize`, in milliseconds. */
const PATIENCE = 30_000;

/** How long a command may take before the user is asked whether to start the server again, in milliseconds. */
const LONG = 10_000;

/** How long a server may take to end when it is asked to, in milliseconds. */
const FAREWELL = 2_000;

/** What the user is shown of the server. */
export type State =
  | { readonly kind: "starting" }
  | { readonly kind: "ready"; readonly version: Version; readonly path: string }
  | { readonly kind: "stopped"; readonly why: string };

/** One process and its client. */
interface Run {
  readonly process: ChildProcess;
  readonly client: Client;
}

export class Server implements Disposable {
  private readonly changed = new EventEmitter<State>();
  private readonly lenses = new EventEmitter<void>();
  private readonly crashes = new Crashes();
  private run: Run | undefined;
  private current: State = { kind: "stopped", why: "It was not started yet." };
  /** Starts and stops, one after the other. */
  private queue: Promise<void> = Promise.resolve();

  /** Fires with the new state. */
  readonly onDidChange = this.changed.event;
  /** Fires when lenses may be different now. */
  readonly onDidRefreshLenses = this.lenses.event;

  constructor(
    private readonly context: ExtensionContext,
    private readonly log: LogOutputChannel,
    private readonly middleware: Middleware,
  ) {}

  get state(): State {
    return this.current;
  }

  /** Ends the server that runs, if any, and starts one. What goes wrong is shown to the user; nothing is thrown. */
  restart(): Promise<void> {
    this.crashes.forget();
    return this.enqueue(async () => {
      await this.end();
      await this.begin();
    });
  }

  /** Ends the server. */
  stop(): Promise<void> {
    return this.enqueue(() => this.end());
  }

  dispose(): void {
    this.changed.dispose();
    this.lenses.dispose();
  }

  /**
   * Has the server carry out one of its commands.
   *
   * @throws Where no server runs, or with the server's own words where it refuses.
   */
  async execute<T>(command: string, args: readonly unknown[]): Promise<T> {
    await this.queue;
    if (this.run === undefined || this.current.kind !== "ready") {
      throw new Error("the server is not running.");
    }
    const impatient = setTimeout(() => this.hangs(), LONG);
    try {
      return await this.run.client.sendRequest(ExecuteCommandRequest.type, { command, arguments: [...args] });
    } finally {
      clearTimeout(impatient);
    }
  }

  /** A command waits for a server that may never answer. */
  private hangs(): void {
    const message = `Marginote: the server has not answered for ${LONG / 1000} seconds. It may have much to do, or hang.`;
    this.log.warn(message);
    void tell(window.showWarningMessage, message, { "Show Log": () => this.log.show(), Restart: () => this.restart() });
  }

  /** The client that runs, for conversions and notifications. */
  get client(): Client | undefined {
    return this.run?.client;
  }

  private enqueue(step: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(step).catch((error: unknown) => this.log.error(String(error)));
    return this.queue;
  }

  private set(state: State): void {
    this.current = state;
    this.changed.fire(state);
  }

  private async begin(): Promise<void> {
    this.set({ kind: "starting" });
    const binary = await find({
      setting: workspace.getConfiguration("marginote").get<unknown>("path", ""),
      extension: this.context.extensionPath,
      path: process.env["PATH"] ?? "",
    });
    if ("kind" in binary) {
      return this.notFound(binary);
    }
    this.log.info(`starts ${binary.path} server (version ${binary.version.join(".")})`);
    // colours are for terminals
    const child = spawn(binary.path, ["server"], { env: { ...process.env, NO_COLOR: "1" }, windowsHide: true });
    const run: Run = { process: child, client: new Client(child, this.log, this.middleware) };
    this.run = run;
    this.listen(run);
    const impatient = setTimeout(() => {
      this.log.error(`the server does not answer within ${PATIENCE / 1000} seconds: it is ended`);
      child.kill("SIGKILL");
    }, PATIENCE);
    try {
      await run.client.start();
    } catch (error) {
      this.log.error(`the server does not start: ${String(error)}`);
      // its end is what is acted on
      child.kill("SIGKILL");
      return;
    } finally {
      clearTimeout(impatient);
    }
    if (this.run === run) {
      this.set({ kind: "ready", ...binary });
    }
  }

  private listen(run: Run): void {
    const { process: child, client } = run;
    // writing to a process that has just ended: its end is acted on
    child.stdin?.on("error", (error) => this.log.debug(String(error)));
    child.once("error", (error) => this.ended(run, error.message));
    child.once("exit", (code, signal) => this.ended(run, signal === null ? `exit code ${code}` : `signal ${signal}`));
    if (child.stderr !== null) {
      createInterface({ input: child.stderr }).on("line", (line) => this.write(line));
    }
    client.onRequest(CodeLensRefreshRequest.type, () => this.lenses.fire());
    // its log has them already
    client.onNotification(LogMessageNotification.type, () => {});
    client.onNotification(ShowMessageNotification.type, ({ type, message }) => this.show(type, message));
  }

  /** A line of the server's log, which begins with the time and the level. */
  private write(line: string): void {
    const [, level, words] = /^\S+ +(ERROR|WARN|INFO|DEBUG|TRACE) (.*)$/.exec(line) ?? [];
    switch (level) {
      case "ERROR":
        return this.log.error(words ?? line);
      case "WARN":
        return this.log.warn(words ?? line);
      case "DEBUG":
      case "TRACE":
        return this.log.debug(words ?? line);
      default:
        return this.log.info(words ?? line);
    }
  }

  private show(type: MessageType, message: string): void {
    const say = type === MessageType.Error ? window.showErrorMessage : type === MessageType.Warning ? window.showWarningMessage : window.showInformationMessage;
    void tell(say, message, { "Show Log": () => this.log.show() });
  }

  /** A process has ended. */
  private ended(run: Run, how: string): void {
    if (this.run !== run) {
      return;
    }
    this.run = undefined;
    run.client.dispose().catch((error: unknown) => this.log.debug(String(error)));
    if (this.crashes.mayRestart(Date.now())) {
      this.log.warn(`the server has ended (${how}) and is started again`);
      void this.enqueue(() => this.begin());
      return;
    }
    this.log.error(`the server has ended (${how}) again and again: it stays off`);
    this.set({ kind: "stopped", why: `It has ended again and again (${how}).` });
    void tell(window.showErrorMessage, `Marginote: the server has ended again and again (${how}) and stays off. The log may say why.`, {
      "Show Log": () => this.log.show(),
      Restart: () => this.restart(),
    });
  }

  private async end(): Promise<void> {
    const run = this.run;
    this.run = undefined;
    if (run === undefined) {
      return;
    }
    const gone = new Promise<void>((resolve) => run.process.once("exit", () => resolve()));
    const running = run.process.exitCode === null && run.process.signalCode === null;
    await run.client.dispose(FAREWELL).catch((error: unknown) => this.log.debug(String(error)));
    if (running) {
      const impatient = setTimeout(() => run.process.kill("SIGKILL"), FAREWELL);
      await gone;
      clearTimeout(impatient);
    }
    this.set({ kind: "stopped", why: "It was stopped." });
  }

  private notFound(problem: Problem): void {
    const message = inWords(problem);
    this.log.error(message);
    this.set({ kind: "stopped", why: message });
    void tell(window.showErrorMessage, message, {
      "Choose the Program": () => this.choose(),
      // the program runs where the files are, and so does its setting
      "Open Setting": () => commands.executeCommand(`workbench.action.open${env.remoteName === undefined ? "" : "Remote"}Settings`, { query: "marginote.path" }),
      "Try Again": () => this.restart(),
    });
  }

  /** Lets the user choose the program. The changed setting starts it. */
  private async choose(): Promise<void> {
    const chosen = await window.showOpenDialog({ title: "The program marginote", openLabel: "Use This Program" });
    if (chosen?.[0] !== undefined) {
      await workspace.getConfiguration("marginote").update("path", chosen[0].fsPath, true);
    }
  }
}
