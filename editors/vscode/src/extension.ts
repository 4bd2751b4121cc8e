/** Puts the extension together: the server, the status item, the commands. */

import { type ExtensionContext, window, workspace } from "vscode";
import type { Middleware } from "vscode-languageclient/node";
import { showBeside } from "./beside";
import { register } from "./commands";
import { Lenses } from "./lenses";
import { Server } from "./server";
import { settings } from "./settings";
import { Status } from "./status";

let server: Server | undefined;

export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("Marginote", { log: true });
  const status = new Status();
  const started = new Server(context, log, middleware(context, status, () => server));
  server = started;
  context.subscriptions.push(
    log,
    status,
    started,
    started.onDidChange((state) => status.server(state)),
    new Lenses(started),
    ...register(started, status, log),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("marginote.path")) {
        void started.restart();
      }
    }),
  );
  // not waited for: a server that is slow to start must not hold up the commands
  void started.restart();
}

export function deactivate(): Promise<void> | undefined {
  return server?.stop();
}

function middleware(context: ExtensionContext, status: Status, server: () => Server | undefined): Middleware {
  return {
    workspace: {
      // the server asks for them: what the client would send along are the defaults too
      didChangeConfiguration: (_sections, next) => next(undefined),
      configuration: ({ items }) => items.map(({ section }) => (section === "marginote" ? settings(context.extension) : null)),
    },
    window: {
      showDocument: async (params, _token, next) => {
        const protocol = server()?.client?.protocol2CodeConverter;
        if (protocol === undefined || params.external === true) {
          return next(params, _token);
        }
        try {
          await showBeside(protocol.asUri(params.uri), params.selection && protocol.asRange(params.selection), params.takeFocus !== true);
          return { success: true };
        } catch {
          return { success: false };
        }
      },
    },
    handleWorkDoneProgress: (token, progress, next) => {
      if (progress.kind !== "end") {
        status.read({ token, percent: progress.percentage ?? 0 });
        return;
      }
      status.read(undefined);
      // the item shows it; the client's own progress is only told that it is over
      next(token, progress);
    },
  };
}
