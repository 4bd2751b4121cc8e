-- What the cases share: waiting, what Neovim shows, what the plugin says.

local M = {}

--- Messages of the plugin and of Neovim, in order.
M.said = {}
vim.notify = function(message)
  table.insert(M.said, message)
end

--- Answers of the user to `vim.ui.select`, first come first served: each gets the items in words and gives an index.
M.choices = {}
vim.ui.select = function(items, options, choose)
  local words = vim.tbl_map(options.format_item or tostring, items)
  local index = assert(table.remove(M.choices, 1), "nobody expects a question: " .. options.prompt)(words, options.prompt)
  choose(items[index], index)
end

function M.wait(what, condition, limit)
  if not vim.wait(limit or 15000, condition, 20) then
    error(("no %s; said: %s"):format(what, vim.inspect(M.said)), 2)
  end
end

function M.equal(found, wanted)
  if not vim.deep_equal(found, wanted) then
    error(("found %s, wanted %s"):format(vim.inspect(found), vim.inspect(wanted)), 2)
  end
end

function M.contains(text, words)
  if not tostring(text):find(words, 1, true) then
    error(("no %q in: %s"):format(words, text), 2)
  end
end

--- Waits until something was said with these words.
function M.wait_said(words, limit)
  M.wait("message with " .. words, function()
    return M.count_said(words) > 0
  end, limit)
end

function M.count_said(words)
  return #vim.tbl_filter(function(message)
    return message:find(words, 1, true) ~= nil
  end, M.said)
end

function M.clients()
  return vim.lsp.get_clients({ name = "marginote" })
end

--- Opens a file of the project, as a user does.
function M.open(name)
  vim.cmd.edit(name)
  return vim.api.nvim_get_current_buf()
end

function M.codes(bufnr)
  local codes = vim.tbl_map(function(diagnostic)
    return diagnostic.code
  end, vim.diagnostic.get(bufnr))
  table.sort(codes)
  return codes
end

function M.wait_codes(bufnr, codes)
  M.wait(table.concat(codes, ", ") .. " in the buffer", function()
    return vim.deep_equal(M.codes(bufnr), codes)
  end)
end

local is_read = false
vim.api.nvim_create_autocmd("LspProgress", {
  pattern = "end",
  callback = function()
    is_read = true
  end,
})

--- Opens the shop and waits until the notes were read and its findings are there.
function M.shop()
  local bufnr = M.open("shop.py")
  M.wait("end of the reading", function()
    return is_read
  end)
  M.wait_codes(bufnr, { "MUT001", "MUT006" })
  return bufnr
end

function M.line(bufnr, line)
  return vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1]
end

function M.text(bufnr)
  return table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, false), "\n")
end

--- Puts the cursor on the first place that says these words.
function M.go_to(words)
  vim.api.nvim_win_set_cursor(0, { 1, 0 })
  assert(vim.fn.search("\\V" .. words, "c") > 0, "not in the buffer: " .. words)
end

--- The floating windows.
function M.floats()
  return vim.tbl_filter(function(window)
    return vim.api.nvim_win_get_config(window).relative ~= ""
  end, vim.api.nvim_list_wins())
end

--- Waits for a floating window whose text has these words, and gives it with its text.
function M.wait_float(words)
  local window, text
  M.wait("floating window with " .. words, function()
    for _, float in ipairs(M.floats()) do
      window, text = float, M.text(vim.api.nvim_win_get_buf(float))
      if text:find(words, 1, true) then
        return true
      end
    end
  end)
  return window, text
end

--- What the plugin wrote into the margin: each line, from 0, with what stands after it and below it.
function M.margin(bufnr)
  local lines = {}
  for name, namespace in pairs(vim.api.nvim_get_namespaces()) do
    if vim.startswith(name, "marginote.margin") then
      for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(bufnr, namespace, 0, -1, { details = true })) do
        local after = vim.tbl_get(mark[4], "virt_text", 1, 1)
        local below = vim.tbl_map(function(line)
          return line[1][1]
        end, mark[4].virt_lines or {})
        lines[mark[2]] = { after = after, below = below }
      end
    end
  end
  return lines
end

--- The process of the one server.
function M.server()
  local children = vim.api.nvim_get_proc_children(vim.fn.getpid())
  local servers = vim.tbl_filter(function(pid)
    return vim.api.nvim_get_proc(pid).name == "marginote"
  end, children)
  M.equal(#servers, 1)
  return servers[1]
end

--- A program with this text on the path, in the place of Marginote.
function M.put_on_path(text)
  local folder = vim.fn.tempname()
  vim.fn.mkdir(folder, "p")
  vim.fn.writefile(vim.split(text, "\n"), folder .. "/marginote")
  vim.uv.fs_chmod(folder .. "/marginote", 493)
  vim.env.PATH = folder .. ":" .. vim.env.PATH
  return folder
end

return M
