-- Ruff and basedpyright, attached to the same buffer as Marginote: nothing is said twice, and nobody is in the way of the others.

local case, support = ...

local BAG = [[
import os
import threading


def add(item, basket=[]):
    basket.append(item)
    return basket


def shelves(rows, columns):
    board = [[None] * columns] * rows
    board[0][0] = "first"
    return board


class One:
    def __new__(cls, size):
        return super().__new__(cls, size)


def quiet(item, basket=[]):  # noqa: B006
    basket.append(item)
    return basket


def long(item, basket=[]):  # noqa: E501
    basket.append(item)
    return basket


def typed(item, basket=[]):  # pyright: ignore
    basket.append(item)
    return basket


count: int = "three"
One(1)
threading.Lock()
]]

--- What is found in it, by each server: line, from 0, code and severity.
local FOUND = {
  Ruff = { "0 F401 2", "25 B006 2", "30 B006 2", "4 B006 2" },
  basedpyright = { "0 reportUnusedImport 4", "17 reportCallIssue 1", "35 reportAssignmentType 1" },
  -- what the project's Ruff selects too is a hint
  marginote = { "10 MUT006 2", "17 SNG007 1", "25 MUT001 4", "30 MUT001 4", "4 MUT001 4" },
}

local function found(bufnr)
  local by = {}
  for _, it in ipairs(vim.diagnostic.get(bufnr)) do
    by[it.source] = by[it.source] or {}
    table.insert(by[it.source], ("%d %s %d"):format(it.lnum, it.code, it.severity))
    table.sort(by[it.source])
  end
  return by
end

--- Opens the file with all three servers, started as their own set-ups do, and waits until each has said what it finds.
local function bag(t)
  vim.fn.writefile({ "[tool.ruff.lint]", 'select = ["B", "E501", "F"]' }, "pyproject.toml")
  vim.fn.writefile(vim.split(BAG, "\n", { trimempty = true }), "bag.py")
  local bufnr = t.open("bag.py")
  for name, cmd in pairs({ ruff = { "ruff", "server" }, basedpyright = { "basedpyright-langserver", "--stdio" } }) do
    cmd[1] = vim.env.MARGINOTE_PEERS .. "/" .. cmd[1]
    local settings = { basedpyright = { analysis = { typeCheckingMode = "standard", diagnosticMode = "openFilesOnly" } } }
    vim.lsp.start({ name = name, cmd = cmd, root_dir = vim.fn.getcwd(), settings = settings }, { bufnr = bufnr })
  end
  local all = vim.wait(40000, function()
    return vim.deep_equal(found(bufnr), FOUND)
  end, 50)
  if not all then
    t.equal(found(bufnr), FOUND)
  end
  return bufnr
end

--- What each server answers to a request at the first place that says these words: by its name.
local function answers(bufnr, method, words, more)
  local at = vim.fn.searchpos("\\V" .. words, "cnw")
  local position = { line = at[1] - 1, character = at[2] - 1 }
  local params = vim.tbl_extend("force", { textDocument = { uri = vim.uri_from_bufnr(bufnr) }, position = position }, more or {})
  local by = {}
  for id, answer in pairs(assert(vim.lsp.buf_request_sync(bufnr, method, params, 20000), method)) do
    local client = assert(vim.lsp.get_client_by_id(id))
    assert(not answer.error, vim.inspect(answer.error))
    by[client.name] = answer.result
  end
  return by
end

--- The code actions of all servers in a line, from 0: by their titles, each with the client that offers it.
local function actions(t, bufnr, line, only)
  local there = vim.tbl_map(function(it)
    return it.user_data.lsp
  end, vim.diagnostic.get(bufnr, { lnum = line }))
  local text = t.line(bufnr, line)
  local range = { start = { line = line, character = 0 }, ["end"] = { line = line, character = #text } }
  local by = {}
  for name, list in pairs(answers(bufnr, "textDocument/codeAction", "", { range = range, context = { diagnostics = there, only = only } })) do
    for _, action in ipairs(list) do
      assert(not by[action.title], "offered twice: " .. action.title)
      by[action.title] = { action = action, client = vim.lsp.get_clients({ name = name })[1] }
    end
  end
  return by
end

--- Carries out what was offered, as a client does: its edit may have to be asked for.
local function carry_out(bufnr, offered)
  local action, client = offered.action, offered.client
  if not action.edit then
    local id = client.id
    local answer = vim.lsp.buf_request_sync(bufnr, "codeAction/resolve", action, 10000)[id]
    assert(answer and not answer.error, vim.inspect(answer))
    action = answer.result
  end
  vim.lsp.util.apply_workspace_edit(action.edit, client.offset_encoding)
end

case("beside: each finding once", function()
  local t = support()
  local bufnr = bag(t)
  vim.cmd.write()
  vim.wait(2000)
  t.equal(found(bufnr), FOUND)
  t.equal(t.said, {})
end)

case("beside: a hover has the words of each server once", function()
  local t = support()
  local bufnr = bag(t)
  local function servers(words)
    return vim.fn.sort(vim.tbl_keys(answers(bufnr, "textDocument/hover", words)))
  end
  t.equal(servers("[]):"), { "marginote" })
  t.equal(servers("add(item"), { "basedpyright" })
  t.equal(servers("threading"), { "basedpyright", "marginote" })
  -- Neovim 0.10 shows the answer that came last
  if vim.lsp.enable then
    t.go_to("threading")
    vim.lsp.buf.hover()
    local _, text = t.wait_float("The Global Interpreter Lock")
    for _, words in ipairs({ "(module) threading", "The Global Interpreter Lock" }) do
      t.equal({ words, select(2, text:gsub(vim.pesc(words), "")) }, { words, 1 })
    end
  end
end)

case("beside: definitions and completions are the type checker's", function()
  local t = support()
  local bufnr = bag(t)
  local context = { context = { includeDeclaration = true } }
  for method, more in pairs({ definition = {}, references = context, completion = {} }) do
    local by = answers(bufnr, "textDocument/" .. method, "One(1)", more)
    t.equal({ method, by.marginote, by.basedpyright == nil }, { method, nil, false })
  end
  -- nothing of ours is found where somebody looks for a name of the code
  local names = vim.lsp.buf_request_sync(bufnr, "workspace/symbol", { query = "add" }, 10000)
  t.equal(names[t.clients()[1].id].result, {})
  t.go_to("One(1)")
  vim.lsp.buf.definition()
  t.wait("the class", function()
    return vim.api.nvim_win_get_cursor(0)[1] == 16
  end)
  t.equal(#vim.api.nvim_list_wins(), 1)
end)

case("beside: code actions of all, each once", function()
  local t = support()
  local bufnr = bag(t)
  local by = actions(t, bufnr, 4)
  for title, name in pairs({
    ["Use `None`, and make `basket` in the body"] = "marginote",
    ["Silence MUT001 here"] = "marginote",
    ["Ruff (B006): Replace with `None`; initialize within function"] = "ruff",
    ["Ruff (B006): Disable for this line"] = "ruff",
  }) do
    assert(by[title], title .. " of " .. vim.inspect(vim.tbl_keys(by)))
    t.equal({ title, by[title].client.name }, { title, name })
  end
  by = actions(t, bufnr, 35)
  t.equal(by["Add `# pyright: ignore[reportAssignmentType]`"].client.name, "basedpyright")
end)

case("beside: what Ruff silences is silenced, and the other way round", function()
  local t = support()
  local bufnr = bag(t)
  carry_out(bufnr, actions(t, bufnr, 4)["Ruff (B006): Disable for this line"])
  t.wait("both silenced", function()
    local now = found(bufnr)
    return not vim.list_contains(now.Ruff, "4 B006 2") and not vim.list_contains(now.marginote, "4 MUT001 4")
  end)
  -- comments of others stay, and stay in force
  local lines = { [25] = "def long(item, basket=[]):  # noqa: E501", [30] = "def typed(item, basket=[]):  # pyright: ignore" }
  for line, text in pairs(lines) do
    carry_out(bufnr, actions(t, bufnr, line)["Silence MUT001 here"])
    t.equal(t.line(bufnr, line), text .. "  # marginote: ignore[MUT001]")
  end
  t.wait("three silenced", function()
    return vim.deep_equal(found(bufnr).marginote, { "10 MUT006 2", "17 SNG007 1" })
  end)
  for _, line in ipairs({ 25, 30 }) do
    carry_out(bufnr, actions(t, bufnr, line)["Ruff (B006): Disable for this line"])
  end
  t.wait("all silenced", function()
    return vim.deep_equal(found(bufnr), {
      Ruff = { "0 F401 2" },
      basedpyright = FOUND.basedpyright,
      marginote = { "10 MUT006 2", "17 SNG007 1" },
    })
  end)
end)

case("beside: fixes of all, asked for before any of them is made", function()
  local t = support()
  local bufnr = bag(t)
  local ruff, ours = "Ruff: Fix all auto-fixable problems", "Make every safe fix in this file"
  for _, order in ipairs({ { ruff, ours }, { ours, ruff } }) do
    local by = actions(t, bufnr, 0, { "source.fixAll" })
    t.equal(vim.tbl_count(by), 2)
    for _, title in ipairs(order) do
      carry_out(bufnr, assert(by[title], title))
    end
    t.equal(t.line(bufnr, 0), "import threading")
    t.contains(t.text(bufnr), "return super().__new__(cls)\n")
    vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, vim.split(BAG, "\n", { trimempty = true }))
    t.wait("the findings again", function()
      return vim.deep_equal(found(bufnr), FOUND)
    end)
  end
end)

case("beside: a fix of ours and one of Ruff's for the same thing", function()
  local t = support()
  local bufnr = bag(t)
  carry_out(bufnr, actions(t, bufnr, 4)["Use `None`, and make `basket` in the body"])
  t.wait("both gone", function()
    local now = found(bufnr)
    return #now.Ruff == 3 and #now.marginote == 4
  end)
  vim.cmd.undo()
  t.wait("both back", function()
    return vim.deep_equal(found(bufnr), FOUND)
  end)
  carry_out(bufnr, actions(t, bufnr, 4)["Ruff (B006): Replace with `None`; initialize within function"])
  t.wait("both gone", function()
    local now = found(bufnr)
    return #now.Ruff == 3 and #now.marginote == 4
  end)
end)
