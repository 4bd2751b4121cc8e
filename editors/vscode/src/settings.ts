/** What the server is told when it asks for the section `marginote`. */

import { type Extension, workspace } from "vscode";

/** Settings that are the extension's own. */
const OWN = ["path"];

/**
 * The settings that somebody has set, with the names of the configuration file. What is not set is left out: the defaults that VS Code shows would override what `marginote.toml` says.
 *
 * The names are those that `package.json` of the extension declares.
 */
export function settings(extension: Extension<unknown>): Record<string, unknown> {
  const config = workspace.getConfiguration("marginote");
  const declared: string[] = Object.keys(extension.packageJSON.contributes.configuration.properties);
  const names = declared.map((name) => name.slice("marginote.".length)).filter((name) => !OWN.includes(name));
  const said: Record<string, unknown> = {};
  for (const name of names) {
    const at = config.inspect(name);
    const isSet = [at?.globalValue, at?.workspaceValue, at?.workspaceFolderValue].some((value) => value !== undefined);
    const value = isSet ? config.get(name) : undefined;
    // an empty text is how a setting is unset in the settings editor
    if (value !== undefined && value !== "") {
      said[name] = value;
    }
  }
  return said;
}
