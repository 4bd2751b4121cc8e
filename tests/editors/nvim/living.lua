-- The server's life: attached where it belongs, started again when it dies, and named where it is missing, too old or silent.

local case, support = ...

case("notes are attached, other texts are not", function()
  local t = support()
  local note = t.open("notes/functions.md")
  t.wait("the server in the note", function()
    return #vim.lsp.get_clients({ bufnr = note, name = "marginote" }) == 1
  end)
  vim.fn.mkdir("../elsewhere")
  vim.fn.writefile({ "# A text" }, "../elsewhere/README.md")
  local text = t.open("../elsewhere/README.md")
  vim.wait(500)
  t.equal(#vim.lsp.get_clients({ bufnr = text, name = "marginote" }), 0)
end)

case("a killed server is started again", function()
  local t = support()
  local bufnr = t.shop()
  vim.uv.kill(t.server(), "sigkill")
  t.wait_said("is started again")
  t.wait("another server", function()
    return #vim.lsp.get_clients({ bufnr = bufnr, name = "marginote" }) == 1
  end)
  vim.api.nvim_buf_set_lines(bufnr, 3, 4, false, { "def add(item, basket):" })
  t.wait_codes(bufnr, { "MUT006" })
end)

case("a server that keeps dying stays stopped", function()
  local t = support()
  local bufnr = t.shop()
  for turn = 1, 4 do
    vim.uv.kill(t.server(), "sigkill")
    if turn < 4 then
      t.wait("another server", function()
        return t.count_said("is started again") == turn and #vim.lsp.get_clients({ bufnr = bufnr, name = "marginote" }) == 1
      end)
    end
  end
  t.wait_said("it stays stopped")
  vim.wait(1000)
  t.equal(#t.clients(), 0)
  vim.cmd.Marginote("restart")
  t.wait("a server again", function()
    return #t.clients() == 1
  end)
  t.wait_codes(bufnr, { "MUT001", "MUT006" })
end)

case("restart starts one other server", function()
  local t = support()
  local bufnr = t.shop()
  local before = t.server()
  vim.cmd.Marginote("restart")
  t.wait("the old server's end", function()
    return vim.api.nvim_get_proc(before) == nil
  end)
  t.wait_codes(bufnr, { "MUT001", "MUT006" })
  t.equal(#t.clients(), 1)
  t.equal(t.said, {})
end)

case("the end of Neovim's client is no crash", function()
  local t = support()
  t.shop()
  vim.lsp.stop_client(t.clients())
  t.wait("the end", function()
    return #t.clients() == 0
  end)
  vim.wait(500)
  -- Neovim 0.10 may ask for hints anew when it has said `shutdown`, which the protocol refuses
  local said = vim.tbl_filter(function(words)
    return vim.fn.has("nvim-0.11") == 1 or words ~= "marginote: -32600: Invalid request"
  end, t.said)
  t.equal({ said, #t.clients() }, { {}, 0 })
end)

case("a missing program is named once", function()
  local t = support()
  vim.env.PATH = "/usr/bin:/bin"
  t.open("shop.py")
  t.open("other.py")
  vim.wait(500)
  t.equal(t.count_said("the program `marginote` is not on the path"), 1)
  t.equal(#t.said, 1)
  vim.cmd.checkhealth("marginote")
  t.contains(t.text(0), "the program `marginote` is not on the path")
  t.contains(t.text(0), "pip install")
end)

case("a program that fails at the start is not started again", function()
  local t = support()
  local folder = t.put_on_path('#!/bin/sh\necho x >>"$(dirname "$0")/starts"\nexit 3')
  t.open("shop.py")
  t.wait_said("the server could not start (exit code 3)")
  vim.wait(1500)
  t.equal(#vim.fn.readfile(folder .. "/starts"), 1)
  vim.cmd.checkhealth("marginote")
  t.contains(t.text(0), "does not say a version")
end)

case("a server that is too old is named", function()
  local t = support()
  local answer = '{"jsonrpc":"2.0","id":1,"result":{"capabilities":{},"serverInfo":{"name":"marginote","version":"0.0.9"}}}'
  t.put_on_path(
    '#!/bin/sh\n[ "$1" = --version ] && echo "marginote 0.0.9" && exit\n'
      .. ("printf 'Content-Length: %d\\r\\n\\r\\n%%s' '%s'\ncat >/dev/null"):format(#answer, answer)
  )
  t.open("shop.py")
  t.wait_said("the server is version 0.0.9, and this plugin needs 0.1.0 or later")
  vim.cmd.Marginote("explain gil")
  t.wait_said("does not know `marginote.explain`")
  vim.cmd.checkhealth("marginote")
  t.contains(t.text(0), "is version 0.0.9: this plugin needs 0.1.0")
end)

case("a server that answers nothing is named", function()
  local t = support()
  t.put_on_path("#!/bin/sh\ncat >/dev/null")
  t.open("shop.py")
  t.wait_said("the server has not answered yet", 20000)
end)

case("a server that hangs later is named, and restart starts another", function()
  local t = support()
  local answer = '{"jsonrpc":"2.0","id":1,"result":{"capabilities":{"executeCommandProvider":{"commands":["marginote.recall"]}},"serverInfo":{"name":"marginote","version":"0.1.0"}}}'
  local folder = t.put_on_path(
    ('#!/bin/sh\necho x >>"$(dirname "$0")/starts"\n' .. "printf 'Content-Length: %d\\r\\n\\r\\n%%s' '%s'\nexec cat >/dev/null"):format(
      #answer,
      answer
    )
  )
  local bufnr = t.open("shop.py")
  t.wait("the first server", function()
    return #t.clients() == 1
  end)
  vim.cmd.Marginote("recall")
  t.wait_said("the server has not answered yet", 20000)
  local first = t.clients()[1].id
  vim.cmd.Marginote("restart")
  t.wait("another server in the buffer", function()
    local others = vim.tbl_filter(function(client)
      return client.id ~= first
    end, vim.lsp.get_clients({ name = "marginote", bufnr = bufnr }))
    return #others == 1
  end)
  t.equal({ #vim.fn.readfile(folder .. "/starts"), #t.clients() }, { 2, 1 })
end)

case("what can be no program is named once", function()
  local t = support()
  require("marginote").enable({ cmd = { 17 } })
  t.open("shop.py")
  t.open("other.py")
  local words = 'must be a list such as { "marginote", "server" }: it is { 17 }'
  t.wait_said(words)
  t.equal(t.count_said(words), 1)
  vim.cmd.checkhealth("marginote")
  t.contains(t.text(0), words)
  t.equal(require("marginote.commands").complete("", "Marginote explain "), {})
end)

case("the reading of the project can be stopped", function()
  vim.env.MARGINOTE_TEST_HOOKS = "1"
  vim.env.MARGINOTE_TEST_SLOW_INDEX = "600000"
  local t = support()
  local token
  vim.api.nvim_create_autocmd("LspProgress", {
    pattern = "begin",
    callback = function(event)
      token = event.data.params.token
    end,
  })
  local bufnr = t.open("shop.py")
  t.wait("progress", function()
    return token ~= nil
  end)
  local progress = t.clients()[1].progress
  t.clients()[1].rpc.notify("window/workDoneProgress/cancel", { token = token })
  t.wait("end of the progress", function()
    local last
    for step in progress do
      last = step
    end
    return last ~= nil and last.token == token and last.value.kind == "end"
  end)
  -- what can be found in the file alone is found all the same
  t.wait_codes(bufnr, { "MUT001", "MUT006" })
  t.equal(t.said, {})
end)

case("health", function()
  local t = support()
  t.shop()
  vim.cmd.checkhealth("marginote")
  local text = t.text(0)
  t.contains(text, "/marginote, version ")
  t.contains(text, "runs for " .. vim.fn.getcwd())
  t.contains(text, "with 1 buffers")
  assert(not text:find("ERROR"), text)
end)

case("a buffer without a name has findings when it has one", function()
  local t = support()
  vim.cmd.enew()
  local bufnr = vim.api.nvim_get_current_buf()
  vim.bo.filetype = "python"
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { "def f(x=[]):", "    x.append(1)" })
  vim.wait(300)
  t.equal(#t.clients(), 0)
  vim.cmd.write("new.py")
  t.wait_codes(bufnr, { "MUT001" })
  t.equal(t.said, {})
end)

case("the help has tags", function()
  local t = support()
  local doc = vim.env.MARGINOTE_PLUGIN .. "/doc/marginote.txt"
  vim.fn.mkdir("doc")
  vim.fn.writefile(vim.fn.readfile(doc), "doc/marginote.txt")
  vim.cmd.helptags("doc")
  local made = vim.fn.readfile("doc/tags")
  -- who only puts the folder on the path, as the page says, has no other tags
  t.equal(vim.fn.readfile(vim.env.MARGINOTE_PLUGIN .. "/doc/tags"), made)
  local tags = table.concat(made, "\n")
  for _, tag in ipairs({ "marginote.txt", ":Marginote", "vim.g.marginote", "hl-MarginoteLesson" }) do
    t.contains(tags, tag .. "\t")
  end
  -- every word of the command, and every option, has its place in the help
  for _, word in ipairs(vim.fn.getcompletion("Marginote ", "cmdline")) do
    t.contains(tags, ":Marginote-" .. word .. "\t")
  end
  vim.cmd.help("marginote")
  t.equal(vim.fs.basename(vim.api.nvim_buf_get_name(0)), "marginote.txt")
end)
