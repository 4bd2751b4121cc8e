-- Notes, cards and logs: a document of the server's in a floating window or a split.

local marginote = require("marginote")

local M = {}

--- A window over the middle of the editor.
local function float(bufnr)
  local width = math.min(100, math.max(vim.o.columns - 4, 1))
  local height = math.max(math.floor((vim.o.lines - vim.o.cmdheight) * 0.8) - 2, 1)
  return vim.api.nvim_open_win(bufnr, true, {
    relative = "editor",
    width = width,
    height = height,
    row = math.max(math.floor((vim.o.lines - height) / 2) - 1, 0),
    col = math.max(math.floor((vim.o.columns - width) / 2) - 1, 0),
    border = "rounded",
    title = " " .. vim.fn.fnamemodify(vim.api.nvim_buf_get_name(bufnr), ":t") .. " ",
  })
end

--- `q` closes a floating page, and means what it always means when the page is closed.
local function close_with_q(window, bufnr)
  local has_own = vim.fn.maparg("q", "n", false, true).buffer == 1
  if has_own then
    return
  end
  vim.keymap.set("n", "q", "<Cmd>close<CR>", { buffer = bufnr, desc = "Close the page" })
  vim.api.nvim_create_autocmd("WinClosed", {
    pattern = tostring(window),
    once = true,
    callback = function()
      pcall(vim.keymap.del, "n", "q", { buffer = bufnr })
    end,
  })
end

--- Shows a buffer as the option `page` says: where it is on the screen already, there.
local function show(bufnr)
  local shown = vim.fn.bufwinid(bufnr)
  if shown ~= -1 then
    vim.api.nvim_set_current_win(shown)
    return shown
  end
  local how = marginote.option("page")
  if how == "float" then
    local window = float(bufnr)
    close_with_q(window, bufnr)
    vim.wo[window][0].wrap = true
    vim.wo[window][0].linebreak = true
    return window
  end
  if how == "edit" then
    vim.cmd("normal! m'")
    vim.api.nvim_win_set_buf(0, bufnr)
  else
    vim.cmd({ cmd = "sbuffer", args = { tostring(bufnr) }, mods = { vertical = how == "vsplit" } })
  end
  return vim.api.nvim_get_current_win()
end

--- Shows a document at a place of it.
---@param uri string
---@param range? lsp.Range
---@param client vim.lsp.Client whose positions these are; it is attached to the document, if that is a text for it
---@return boolean whether it is on the screen
function M.show(uri, range, client)
  if not vim.startswith(uri, "file:") then
    marginote.tell("only files are shown, and this is none: " .. uri)
    return false
  end
  local bufnr = vim.uri_to_bufnr(uri)
  local is_loaded, problem = pcall(vim.fn.bufload, bufnr)
  if not is_loaded then
    marginote.tell(("%s cannot be opened: %s"):format(vim.uri_to_fname(uri), problem))
    return false
  end
  vim.bo[bufnr].buflisted = true
  local window = show(bufnr)
  if range then
    local line = math.min(range.start.line, vim.api.nvim_buf_line_count(bufnr) - 1)
    local text = vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1] or ""
    local column = M.byte_column(text, range.start.character, client.offset_encoding)
    vim.api.nvim_win_set_cursor(window, { line + 1, column })
    vim.cmd("normal! zt")
  end
  if vim.tbl_contains(marginote.server_config().filetypes, vim.bo[bufnr].filetype) then
    vim.lsp.buf_attach_client(bufnr, client.id)
  end
  return true
end

--- The byte of a line that a position of the protocol means; the line's end where it lies behind it.
---@param text string
---@param character integer
---@param encoding string
---@return integer
function M.byte_column(text, character, encoding)
  if encoding == "utf-8" then
    return math.min(character, #text)
  end
  local is_known, column
  if vim.fn.has("nvim-0.11") == 1 then
    is_known, column = pcall(vim.str_byteindex, text, encoding, character, false)
  else
    is_known, column = pcall(vim.str_byteindex, text, character, encoding == "utf-16")
  end
  return is_known and column or #text
end

--- The answer to `window/showDocument`.
---@param params lsp.ShowDocumentParams
---@param context { client_id: integer }
function M.show_document(params, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  if not client then
    return { success = false }
  end
  if params.external then
    -- what a text names is opened where it is a page of the web, and nothing else
    local is_web = params.uri:match("^https?://") ~= nil
    return { success = is_web and vim.ui.open(params.uri) ~= nil }
  end
  return { success = M.show(params.uri, params.selection, client) }
end

return M
