"""A scripted session: everything that the server offers, asked for by a client that checks the form of every answer."""

import asyncio
import os
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities

PROJECT = Path(os.environ["PROJECT"])
SHOP = PROJECT / "shop.py"
NOTE = PROJECT / "notes" / "functions.md"
TEXT = SHOP.read_text()
LINES = TEXT.splitlines()
DEFAULT = next(i for i, line in enumerate(LINES) if line.startswith("def add"))


@pytest_lsp.fixture(
    params=["visual-studio-code", "emacs"],
    config=ClientServerConfig(server_command=["marginote", "server"]),
)
async def client(lsp_client: LanguageClient, request):
    """A client that can what this editor can, with the shop and its note open. Neovim asks for diagnostics and is tried by itself."""
    for method in [types.WORKSPACE_CODE_LENS_REFRESH, types.WORKSPACE_INLAY_HINT_REFRESH, types.CLIENT_REGISTER_CAPABILITY]:
        lsp_client.feature(method)(lambda *_: None)
    lsp_client.set_configuration({"marginote": {"code-lens": True, "inlay-hints": True}})
    await lsp_client.initialize_session(
        types.InitializeParams(
            capabilities=client_capabilities(request.param),
            workspace_folders=[types.WorkspaceFolder(uri=PROJECT.as_uri(), name="shop")],
        )
    )
    for path, language in [(SHOP, "python"), (NOTE, "markdown")]:
        item = types.TextDocumentItem(path.as_uri(), language, 1, path.read_text())
        lsp_client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    await published(lsp_client, SHOP.as_uri())
    yield
    await lsp_client.shutdown_session()
    assert lsp_client.error is None


def document(path=SHOP):
    return types.TextDocumentIdentifier(path.as_uri())


def at(line, character):
    return types.Position(line, character)


WHOLE = types.Range(at(0, 0), at(len(LINES), 0))
THERE = at(DEFAULT, LINES[DEFAULT].index("[") + 1)


async def published(client, uri, least=1):
    """The diagnostics of a document, once there are so many."""
    for _ in range(400):
        if len(client.diagnostics.get(uri, [])) >= least:
            return client.diagnostics[uri]
        await asyncio.sleep(0.1)
    raise AssertionError(f"no diagnostics of {uri}")


async def until(ask):
    """What is asked for, once it is there: notes are read in the background."""
    for _ in range(400):
        if answer := await ask():
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("it never came")


async def run(client, command, *arguments):
    params = types.ExecuteCommandParams(command=f"marginote.{command}", arguments=list(arguments))
    return await client.workspace_execute_command_async(params)


@pytest.mark.asyncio
async def test_diagnostics(client):
    found = await published(client, SHOP.as_uri(), 2)
    assert {"MUT001", "MUT006"} <= {finding.code for finding in found}


@pytest.mark.asyncio
async def test_hover(client):
    hover = await client.text_document_hover_async(types.HoverParams(document(), THERE))
    assert "MUT001" in hover.contents.value


@pytest.mark.asyncio
async def test_code_actions(client):
    params = types.CodeActionParams(document(), WHOLE, types.CodeActionContext(diagnostics=[]))
    actions = await client.text_document_code_action_async(params)
    assert any(action.title.startswith("Use `None`") for action in actions)
    for action in actions:
        if isinstance(action, types.CodeAction) and action.data is not None:
            resolved = await client.code_action_resolve_async(action)
            assert resolved.edit is not None


@pytest.mark.asyncio
async def test_completion_in_comments(client):
    uri = (PROJECT / "new.py").as_uri()
    text = "x = 1  # marginote: ignore["
    item = types.TextDocumentItem(uri, "python", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    new = types.TextDocumentIdentifier(uri)
    here = at(0, len(text))
    items = await client.text_document_completion_async(types.CompletionParams(new, here))
    assert any(item.label == "MUT001" for item in items)
    client.text_document_did_close(types.DidCloseTextDocumentParams(new))


@pytest.mark.asyncio
async def test_lenses_and_hints(client):
    async def lenses():
        params = types.CodeLensParams(document(NOTE))
        return await client.text_document_code_lens_async(params)

    for lens in await until(lenses):
        resolved = await client.code_lens_resolve_async(lens)
        assert resolved.command is not None
    hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document(), WHOLE))
    assert any(hint.label == "shared by all calls" for hint in hints)


@pytest.mark.asyncio
async def test_links_references_and_definitions(client):
    await client.text_document_document_link_async(types.DocumentLinkParams(document(NOTE)))
    context = types.ReferenceContext(include_declaration=True)

    async def references():
        params = types.ReferenceParams(context, document(NOTE), at(2, 5))
        return await client.text_document_references_async(params)

    assert any(place.uri == SHOP.as_uri() for place in await until(references))
    nowhere = await client.text_document_definition_async(types.DefinitionParams(document(), THERE))
    assert nowhere is None


@pytest.mark.asyncio
async def test_symbols_and_commands(client):
    symbols = await client.workspace_symbol_async(types.WorkspaceSymbolParams("#mutable"))
    assert symbols
    hits = await until(lambda: run(client, "searchNotes", "default"))
    assert {"uri", "range", "title", "path", "excerpt"} == set(hits[0])
    place = {"textDocument": {"uri": SHOP.as_uri()}, "position": {"line": THERE.line, "character": THERE.character}}
    assert (await run(client, "openNote", place))["uri"] == NOTE.as_uri()
    questions = await run(client, "recall")
    assert questions
    assert (await run(client, "recall", {"id": questions[0]["id"], "grade": "good"}))["due"]
    await run(client, "explain", "MUT001")
    await run(client, "showLog")
    await run(client, "reindex")
    with pytest.raises(Exception, match="there is no command"):
        await run(client, "nothing")


@pytest.mark.asyncio
async def test_pull(client):
    params = types.DocumentDiagnosticParams(document())
    report = await client.text_document_diagnostic_async(params)
    assert any(item.code == "MUT001" for item in report.items)
    again = types.DocumentDiagnosticParams(document(), previous_result_id=report.result_id)
    assert (await client.text_document_diagnostic_async(again)).kind == "unchanged"
    await client.workspace_diagnostic_async(types.WorkspaceDiagnosticParams([]))


@pytest.mark.asyncio
async def test_notebook(client):
    cells = [f"vscode-notebook-cell:/shop.ipynb#{number}" for number in range(2)]
    texts = ["%matplotlib inline\nrow = [[]] * 3", "row[0].append(1)"]
    client.notebook_document_did_open(
        types.DidOpenNotebookDocumentParams(
            notebook_document=types.NotebookDocument(
                uri=(PROJECT / "shop.ipynb").as_uri(),
                notebook_type="jupyter-notebook",
                version=1,
                cells=[types.NotebookCell(types.NotebookCellKind.Code, uri) for uri in cells],
            ),
            cell_text_documents=[
                types.TextDocumentItem(uri, "python", 1, text) for uri, text in zip(cells, texts)
            ],
        )
    )
    found = await published(client, cells[0])
    assert [finding.code for finding in found] == ["MUT006"]
    assert found[0].range.start == at(1, 6)


@pytest.mark.asyncio
async def test_edits(client):
    start = types.Range(at(0, 0), at(0, 0))
    change = types.TextDocumentContentChangePartial(range=start, text="# é😀\n")
    name = types.VersionedTextDocumentIdentifier(uri=SHOP.as_uri(), version=2)
    client.diagnostics.clear()
    client.text_document_did_change(types.DidChangeTextDocumentParams(name, [change]))
    found = await published(client, SHOP.as_uri(), 2)
    first = next(finding for finding in found if finding.code == "MUT001")
    assert first.range.start.line == DEFAULT + 1
