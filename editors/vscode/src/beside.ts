/** Documents beside the code. */

import { type Range, type TextDocumentShowOptions, Uri, ViewColumn, commands, window, workspace } from "vscode";

/** The group for what is read beside the code: the second; a group further right keeps to itself. */
export function column(): ViewColumn {
  const active = window.tabGroups.activeTabGroup.viewColumn;
  return active === ViewColumn.One ? ViewColumn.Two : active;
}

/**
 * Shows a document beside the code: a place of it as text, with the place selected; a whole page of Markdown as it is meant to be read.
 *
 * @throws Where the document cannot be opened.
 */
export async function showBeside(uri: Uri, selection: Range | undefined, preserveFocus: boolean): Promise<void> {
  if (selection === undefined && uri.path.endsWith(".md")) {
    await commands.executeCommand("vscode.openWith", uri, "vscode.markdown.preview.editor", {
      viewColumn: column(),
      preserveFocus,
    } satisfies TextDocumentShowOptions);
    return;
  }
  const document = await workspace.openTextDocument(uri);
  await window.showTextDocument(document, { viewColumn: column(), preserveFocus, ...(selection && { selection }) });
}
