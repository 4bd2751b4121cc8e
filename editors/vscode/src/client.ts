/** The language client, made so that one place speaks to the user and one place owns the commands. */

import type { ChildProcess } from "node:child_process";
import {
  type ClientCapabilities,
  CloseAction,
  CodeLensRequest,
  type DynamicFeature,
  ErrorAction,
  ExecuteCommandRequest,
  LanguageClient,
  type LanguageClientOptions,
  type Middleware,
  type StaticFeature,
} from "vscode-languageclient/node";
import { type LogOutputChannel, window } from "vscode";

/** Sent to the server: Python, also in cells of notebooks, and what may be notes. The server leaves alone texts that no setting names as notes. */
const DOCUMENTS = [
  { scheme: "file", language: "python" },
  { scheme: "untitled", language: "python" },
  { notebook: { scheme: "file" }, language: "python" },
  { notebook: { scheme: "untitled" }, language: "python" },
  { scheme: "file", language: "markdown" },
  { scheme: "file", language: "plaintext" },
];

/** Says that lenses can be asked for again. */
const REFRESHED_LENSES: StaticFeature = {
  fillClientCapabilities: (capabilities: ClientCapabilities) => {
    capabilities.workspace = { ...capabilities.workspace, codeLens: { refreshSupport: true } };
  },
  initialize: () => {},
  getState: () => ({ kind: "static" }),
  clear: () => {},
};

/** A client of one process. It is used once: another process gets another client. */
export class Client extends LanguageClient {
  constructor(process: ChildProcess, log: LogOutputChannel, middleware: Middleware) {
    const options: LanguageClientOptions = {
      documentSelector: DOCUMENTS,
      outputChannel: log,
      traceOutputChannel: log,
      middleware,
      // a hover of VS Code has them above what the server says
      initializationOptions: { "shows-findings": true },
      markdown: { isTrusted: false, supportHtml: false },
      // whoever started the process sees its end and acts on it
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => ({ action: CloseAction.DoNotRestart, handled: true, message: "the connection to the server is closed" }),
      },
      initializationFailedHandler: () => false,
    };
    const { stdin, stdout } = process;
    if (stdin === null || stdout === null) {
      throw new Error("the server's stdin and stdout are not pipes");
    }
    super("marginote", "Marginote", () => Promise.resolve({ reader: stdout, writer: stdin, detached: true }), options);
    this.registerFeature(REFRESHED_LENSES);
  }

  /**
   * The commands of the server are registered by the extension, which asks for what is missing and also answers while no server runs; so are its lenses, of which the
   * server is told here that they can be asked for again.
   */
  override registerFeature(feature: StaticFeature | DynamicFeature<unknown>): void {
    const method = "registrationType" in feature ? feature.registrationType.method : undefined;
    if (method !== ExecuteCommandRequest.method && method !== CodeLensRequest.method) {
      super.registerFeature(feature);
    }
  }

  /** Into the log only, without the places in the client's own code: who calls tells the user what to do. */
  override error(message: string, data?: unknown): void {
    super.error(data instanceof Error ? `${message} ${data.message}` : message, undefined, false);
  }
}

/** Messages that lead to the log or to a new start. Returns when the user has answered. */
export async function tell(say: typeof window.showErrorMessage, message: string, actions: Record<string, () => unknown>): Promise<void> {
  const chosen = await say(message, ...Object.keys(actions));
  if (chosen !== undefined) {
    await actions[chosen]?.();
  }
}
