-- What a user reads: findings, lessons, hovers, evidence, notes, cards.

local case, support = ...

case("diagnostics", function()
  local t = support()
  local bufnr = t.shop()
  local found = vim.diagnostic.get(bufnr, { lnum = 3 })[1]
  t.equal({ found.code, found.source, found.severity }, { "MUT001", "marginote", vim.diagnostic.severity.WARN })
  t.equal({ found.lnum, found.col, found.end_col }, { 3, 21, 23 })
  t.equal(#found.user_data.lsp.relatedInformation, 2)
end)

case("an edit changes the findings", function()
  local t = support()
  local bufnr = t.shop()
  vim.api.nvim_buf_set_lines(bufnr, 3, 4, false, { "def add(item, basket):" })
  t.wait_codes(bufnr, { "MUT006" })
  vim.cmd.undo()
  t.wait_codes(bufnr, { "MUT001", "MUT006" })
end)

case("an edit of another file changes the findings", function()
  local t = support()
  vim.fn.writefile({ "from shop import Base", "", "", "class Leaf(Base):", "    pass", "", "", "Leaf()" }, "leaf.py")
  local shop = t.shop()
  local leaf = t.open("leaf.py")
  t.wait_codes(leaf, {})
  local abstract = { "import abc", "class Base(abc.ABC):", "    @abc.abstractmethod", "    def f(self): ..." }
  vim.api.nvim_buf_set_lines(shop, -1, -1, false, abstract)
  t.wait_codes(leaf, { "MET011" })
end)

case("the lesson stands after the line", function()
  vim.g.marginote = { margin = "text" }
  local t = support()
  local bufnr = t.shop()
  local margin = t.margin(bufnr)
  t.equal(vim.fn.sort(vim.tbl_keys(margin)), { 3, 9 })
  t.contains(margin[3].after, "A default is made once")
  t.equal(margin[3].below, {})
end)

case("the lesson comes and goes with the diagnostics", function()
  local t = support()
  local bufnr = t.shop()
  local other = vim.api.nvim_create_namespace("another server")
  vim.diagnostic.set(other, bufnr, { { lnum = 0, col = 0, message = "x", source = "ruff" } })
  vim.diagnostic.hide(other, bufnr)
  t.equal(vim.tbl_count(t.margin(bufnr)), 2)
  vim.diagnostic.enable(false)
  t.equal(t.margin(bufnr), {})
  vim.diagnostic.enable(true)
  t.equal(vim.tbl_count(t.margin(bufnr)), 2)
  -- the user's own setting is as it was
  t.equal(vim.diagnostic.config().virtual_text, true)
end)

case("the lesson stands below the line", function()
  local t = support()
  vim.cmd("40vsplit")
  local below = t.margin(t.shop())[9].below
  assert(#below > 1, vim.inspect(below))
  t.contains(below[1], "holds one row")
  for _, line in ipairs(below) do
    assert(vim.startswith(line, "    "), line)
    assert(vim.fn.strdisplaywidth(line) <= 40, line)
  end
end)

case("no lesson in the margin", function()
  vim.g.marginote = { margin = false }
  local t = support()
  t.equal(t.margin(t.shop()), {})
end)

case("a hover quotes the user's note", function()
  local t = support()
  t.shop()
  t.go_to("[]):")
  vim.lsp.buf.hover()
  local _, text = t.wait_float("never write")
  t.contains(text, "A mutable default is shared by all calls")
end)

case("evidence in the location list", function()
  local t = support()
  local bufnr = t.shop()
  t.go_to("basket=[]")
  vim.cmd.Marginote("evidence")
  local list = vim.fn.getloclist(0, { items = true, title = true })
  t.equal(list.title, "Marginote: MUT001")
  local lines = vim.tbl_map(function(item)
    return { item.lnum, item.bufnr == bufnr }
  end, list.items)
  t.equal(lines, { { 4, true }, { 5, true }, { 6, true } })
  t.contains(list.items[2].text, "changed here")
  t.equal(vim.bo.buftype, "quickfix")
end)

case("no evidence where nothing was found", function()
  local t = support()
  t.shop()
  vim.cmd.Marginote("evidence")
  t.wait_said("nothing was found in this line")
  t.equal(#vim.api.nvim_list_wins(), 1)
end)

case("a card in a floating window, closed with q", function()
  local t = support()
  t.shop()
  vim.cmd.Marginote("explain gil")
  local window = t.wait_float("Global Interpreter Lock")
  t.equal(vim.api.nvim_get_current_win(), window)
  t.equal(vim.bo.readonly, true)
  local page = vim.api.nvim_get_current_buf()
  vim.api.nvim_feedkeys("q", "xt", false)
  t.equal(t.floats(), {})
  for _, map in ipairs(vim.api.nvim_buf_get_keymap(page, "n")) do
    assert(map.lhs ~= "q", vim.inspect(map))
  end
end)

case("explain says what stands under the cursor", function()
  local t = support()
  t.shop()
  t.go_to("basket=[]")
  vim.cmd.Marginote("explain")
  t.wait_float("MUT001")
end)

case("explain with a wrong name offers the nearest", function()
  local t = support()
  t.shop()
  vim.cmd.Marginote("explain mutable-defualt")
  t.wait_said("mutable-default`?")
end)

case("a page in a split", function()
  vim.g.marginote = { page = "vsplit" }
  local t = support()
  t.shop()
  vim.cmd.Marginote("explain MUT001")
  t.wait("a second window", function()
    return #vim.api.nvim_list_wins() == 2
  end)
  t.equal(vim.fs.basename(vim.api.nvim_buf_get_name(0)), "MUT001.md")
  t.equal(t.floats(), {})
end)

case("the note of what stands under the cursor", function()
  local t = support()
  t.shop()
  t.go_to("basket=[]")
  vim.cmd.Marginote("note")
  t.wait_float("## Mutable default arguments")
  t.equal(vim.fs.basename(vim.api.nvim_buf_get_name(0)), "functions.md")
  t.wait("the section", function()
    return vim.api.nvim_get_current_line():find("Mutable default arguments", 1, true) ~= nil
  end)
  t.equal(#vim.lsp.get_clients({ bufnr = 0, name = "marginote" }), 1)
end)

case("no note", function()
  local t = support()
  t.shop()
  vim.cmd.Marginote("note")
  t.wait_said("none of your notes")
end)

case("search shows what was chosen", function()
  local t = support()
  t.shop()
  local seen
  table.insert(t.choices, function(words)
    seen = words
    return 1
  end)
  vim.cmd.Marginote("search bytecode")
  t.wait_float("Only one thread runs bytecode")
  t.equal(seen, { "functions.md › Functions › Threads and the GIL - Only one thread runs bytecode at a time." })
  t.contains(vim.api.nvim_get_current_line(), "Threads and the GIL")
end)

case("search without a hit", function()
  local t = support()
  t.shop()
  vim.cmd.Marginote("search zebra")
  t.wait_said("no note says `zebra`")
end)

case("the places of a section", function()
  local t = support()
  local shop = t.shop()
  local note = t.open("notes/functions.md")
  t.wait("the server in the note", function()
    return #vim.lsp.get_clients({ bufnr = note, name = "marginote" }) == 1
  end)
  t.wait("code lens", function()
    vim.lsp.codelens.refresh({ bufnr = note })
    vim.wait(200)
    return #vim.lsp.codelens.get(note) > 0
  end)
  t.go_to("## Mutable")
  t.wait("the title of the lens", function()
    return vim.lsp.codelens.get(note)[1].command ~= nil
  end)
  vim.lsp.codelens.run()
  t.wait("a location list", function()
    return #vim.fn.getloclist(0) > 0
  end)
  local first = vim.fn.getloclist(0)[1]
  t.equal({ first.bufnr, first.lnum }, { shop, 4 })
  t.equal(vim.fn.getloclist(0, { title = true }).title, "Marginote: used in 1 place")
end)

case("hints beside the code", function()
  local t = support()
  local bufnr = t.shop()
  vim.lsp.inlay_hint.enable(true)
  t.wait("a hint", function()
    return #vim.lsp.inlay_hint.get({ bufnr = bufnr }) > 0
  end)
  local hint = vim.lsp.inlay_hint.get({ bufnr = bufnr })[1].inlay_hint
  t.equal(hint.position.line, 3)
  t.contains(vim.inspect(hint.label), "shared by all calls")
end)
