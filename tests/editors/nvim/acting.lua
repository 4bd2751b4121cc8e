-- What a user does: fixes, suppressions, commands and their words.

local case, support = ...

--- Takes the one code action whose title has these words.
local function act(words)
  vim.lsp.buf.code_action({
    apply = true,
    filter = function(action)
      return action.title:find(words, 1, true) ~= nil
    end,
  })
end

case("a fix is applied", function()
  local t = support()
  local bufnr = t.shop()
  t.go_to("basket=[]")
  vim.fn.search("\\[", "c")
  act("Use `None`")
  t.wait_codes(bufnr, { "MUT006" })
  t.equal(t.line(bufnr, 3), "def add(item, basket=None):")
  t.equal(t.line(bufnr, 4), "    if basket is None:")
end)

case("a finding is silenced in its line", function()
  local t = support()
  local bufnr = t.shop()
  t.go_to("basket=[]")
  vim.fn.search("\\[", "c")
  act("Silence MUT001 here")
  t.wait_codes(bufnr, { "MUT006" })
  t.equal(t.line(bufnr, 3), "def add(item, basket=[]):  # marginote: ignore[MUT001]")
end)

case("the note of a code action is shown", function()
  local t = support()
  t.shop()
  t.go_to("basket=[]")
  vim.fn.search("\\[", "c")
  act("Open the note")
  t.wait_float("## Mutable default arguments")
end)

case("rules are completed in a comment that silences", function()
  local t = support()
  local bufnr = t.shop()
  vim.api.nvim_buf_set_lines(bufnr, 3, 4, false, { "def add(item, basket=[]):  # marginote: ignore[MUT00]" })
  local at = { line = 3, character = 51 }
  local params = { textDocument = { uri = vim.uri_from_bufnr(bufnr) }, position = at }
  local answers = vim.lsp.buf_request_sync(bufnr, "textDocument/completion", params, 10000)
  local items = answers[t.clients()[1].id].result
  local labels = vim.tbl_map(function(item)
    return item.label
  end, items.items or items)
  assert(vim.list_contains(labels, "MUT001"), vim.inspect(labels))
end)

case("words of the command are completed", function()
  local t = support()
  t.equal(vim.fn.getcompletion("Marginote re", "cmdline"), { "recall", "reindex", "restart" })
  t.equal(vim.fn.getcompletion("Marginote explain mut00", "cmdline")[1], "MUT001")
  t.equal(vim.fn.getcompletion("Marginote explain mutable-def", "cmdline"), { "mutable-default" })
  t.equal(vim.fn.getcompletion("Marginote note ", "cmdline"), {})
end)

case("wrong words of the command are named", function()
  local t = support()
  vim.cmd.Marginote("explian gil")
  t.contains(t.said[1], "`:Marginote explian` does not exist: there are evidence, explain,")
  vim.cmd.Marginote("log now")
  t.contains(t.said[2], "`:Marginote log` takes nothing behind it")
  vim.cmd.Marginote("explain gil")
  t.contains(t.said[3], "no server runs here")
end)

case("wrong options are named, and the rest applies", function()
  vim.g.marginote = { margn = "lines", margin = 3, page = "split" }
  local t = support()
  t.shop()
  vim.cmd.Marginote("explain gil")
  t.contains(t.said[1], "`vim.g.marginote.margin` is 3: it can be \"lines\", \"text\", false")
  t.contains(t.said[2], "has no option `margn`")
  t.wait("a split", function()
    return #vim.api.nvim_list_wins() == 2
  end)
end)

case("questions are asked and graded", function()
  local t = support()
  t.shop()
  local prompts = {}
  local function choose(index)
    return function(_, prompt)
      table.insert(prompts, prompt)
      t.equal(#t.floats(), 1)
      return index
    end
  end
  vim.list_extend(t.choices, { choose(1), choose(3), choose(2) })
  vim.cmd.Marginote("recall")
  t.wait("the second question", function()
    return #prompts == 3
  end)
  t.contains(prompts[1], "Question 1 of")
  t.contains(prompts[2], "How well")
  t.contains(prompts[3], "Question 2 of")
  t.equal(t.floats(), {})
  t.wait("the grade on the disk", function()
    return vim.fn.glob(vim.env.XDG_DATA_HOME .. "/marginote/recall.json") ~= ""
  end)
end)

case("everything is read again", function()
  local t = support()
  local bufnr = t.shop()
  vim.fn.writefile({ 'notes = ["notes"]', 'ignore = ["MUT001"]' }, "marginote.toml")
  vim.cmd.Marginote("reindex")
  t.wait_said("read again")
  t.wait_codes(bufnr, { "MUT006" })
end)

case("the log of the server", function()
  local t = support()
  t.shop()
  vim.cmd.Marginote("log")
  t.wait("a page with the log", function()
    return #t.floats() == 1
  end)
end)
