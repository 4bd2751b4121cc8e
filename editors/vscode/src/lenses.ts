/** Code lenses, which are there as long as the server is. */

import { type CancellationToken, type CodeLens, type CodeLensProvider, type Disposable, EventEmitter, type TextDocument, languages } from "vscode";
import { CodeLensRequest, CodeLensResolveRequest } from "vscode-languageclient/node";
import type { Client } from "./client";
import type { Server } from "./server";

/** Python, also in cells of notebooks, and what may be notes. */
const DOCUMENTS = [{ language: "python" }, { scheme: "file", language: "markdown" }, { scheme: "file", language: "plaintext" }];

/**
 * The one provider of lenses, whichever server runs. Where a provider comes or goes, VS Code gives up the commands of the lenses on the screen before it has drawn
 * others, so that a click fails, and for seconds it draws none. So this one stays, and has no lenses where no server runs.
 */
export class Lenses implements CodeLensProvider, Disposable {
  private readonly changed = new EventEmitter<void>();
  private readonly registrations: Disposable[];

  /** Has VS Code ask again. */
  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(private readonly server: Server) {
    this.registrations = [
      languages.registerCodeLensProvider(DOCUMENTS, this),
      server.onDidChange(() => this.changed.fire()),
      server.onDidRefreshLenses(() => this.changed.fire()),
    ];
  }

  dispose(): void {
    this.registrations.forEach((registration) => registration.dispose());
    this.changed.dispose();
  }

  async provideCodeLenses(document: TextDocument, token: CancellationToken): Promise<CodeLens[]> {
    const client = this.client;
    if (client === undefined) {
      return [];
    }
    const params = client.code2ProtocolConverter.asCodeLensParams(document);
    try {
      const lenses = await client.sendRequest(CodeLensRequest.type, params, token);
      return (await client.protocol2CodeConverter.asCodeLenses(lenses, token)) ?? [];
    } catch (error) {
      return client.handleFailedRequest(CodeLensRequest.type, token, error, []);
    }
  }

  async resolveCodeLens(lens: CodeLens, token: CancellationToken): Promise<CodeLens> {
    const client = this.client;
    if (client === undefined) {
      return lens;
    }
    try {
      const resolved = await client.sendRequest(CodeLensResolveRequest.type, client.code2ProtocolConverter.asCodeLens(lens), token);
      return client.protocol2CodeConverter.asCodeLens(resolved);
    } catch (error) {
      return client.handleFailedRequest(CodeLensResolveRequest.type, token, error, lens);
    }
  }

  private get client(): Client | undefined {
    return this.server.state.kind === "ready" ? this.server.client : undefined;
  }
}
