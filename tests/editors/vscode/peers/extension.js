// Ruff and basedpyright in VS Code, each with a client of its own, set up as in their extensions. Those come from a marketplace, and not from the registries of packages.

import { join } from "node:path";
import { LanguageClient } from "vscode-languageclient/node";

const DOCUMENTS = [
  { scheme: "file", language: "python" },
  { notebook: { scheme: "file" }, language: "python" },
];

const clients = [];

export async function activate() {
  const client = (id, name, program, args, options) =>
    new LanguageClient(id, name, { command: join(process.env.MARGINOTE_PEERS, program), args }, { documentSelector: DOCUMENTS, ...options });
  clients.push(
    client("ruff", "Ruff", "ruff", ["server"]),
    client("basedpyright", "BasedPyright", "basedpyright-langserver", ["--stdio"], {
      synchronize: { configurationSection: ["python", "basedpyright"] },
    }),
  );
  await Promise.all(clients.map((client) => client.start()));
}

export async function deactivate() {
  await Promise.all(clients.map((client) => client.stop()));
}
