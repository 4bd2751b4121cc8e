-- The lesson of each finding in the margin: after the line, or below it. In extmarks of its own; Neovim shows and hides it with the diagnostics.

local marginote = require("marginote")

local M = {}

local HIGHLIGHT = "MarginoteLesson"
local MARK = "✎ "

--- Each namespace of diagnostics has one for its lessons: when another server's are hidden, ours stay.
local function namespace_for(namespace)
  return vim.api.nvim_create_namespace("marginote.margin." .. namespace)
end

--- The lesson of a diagnostic in one line. None where it is another server's.
local function lesson(diagnostic)
  if diagnostic.source ~= "marginote" then
    return nil
  end
  local words = vim.tbl_get(diagnostic, "user_data", "lsp", "data", "lesson")
  return type(words) == "string" and vim.trim(words:gsub("%s+", " ")) or nil
end

--- The words in lines that are at most so many cells wide; a longer word has a line of its own.
local function wrap(text, width)
  local lines, line = {}, ""
  for word in text:gmatch("%S+") do
    local longer = line == "" and word or line .. " " .. word
    if line ~= "" and vim.fn.strdisplaywidth(longer) > width then
      table.insert(lines, line)
      line = word
    else
      line = longer
    end
  end
  table.insert(lines, line)
  return lines
end

--- The cells for text in a window that shows the buffer.
local function text_width(bufnr)
  local window = vim.fn.win_findbuf(bufnr)[1]
  local info = window and vim.fn.getwininfo(window)[1]
  return info and info.width - info.textoff or vim.o.columns
end

--- An extmark with the lessons of a line.
local function mark(bufnr, line, lessons, style)
  if style == "text" then
    return { virt_text = { { "  " .. MARK .. table.concat(lessons, " "), HIGHLIGHT } }, hl_mode = "combine" }
  end
  local code = vim.api.nvim_buf_get_lines(bufnr, line, line + 1, false)[1] or ""
  local indent = math.min(vim.fn.strdisplaywidth(code:match("^%s*")), 40)
  local before = (" "):rep(indent)
  local width = math.max(text_width(bufnr) - indent - vim.fn.strdisplaywidth(MARK), 20)
  local below = {}
  for _, words in ipairs(lessons) do
    for index, part in ipairs(wrap(words, width)) do
      local start = index == 1 and MARK or (" "):rep(vim.fn.strdisplaywidth(MARK))
      table.insert(below, { { before .. start .. part, HIGHLIGHT } })
    end
  end
  return { virt_lines = below }
end

--- Writes the lessons of a namespace's diagnostics, each once a line.
---@param namespace integer
---@param bufnr integer
---@param diagnostics vim.Diagnostic[]
function M.show(namespace, bufnr, diagnostics)
  local style = marginote.option("margin")
  local lines = {}
  for _, diagnostic in ipairs(style and diagnostics or {}) do
    local words = lesson(diagnostic)
    local here = lines[diagnostic.lnum] or {}
    if words and not vim.list_contains(here, words) then
      table.insert(here, words)
      lines[diagnostic.lnum] = here
    end
  end
  local ours = namespace_for(namespace)
  vim.api.nvim_buf_clear_namespace(bufnr, ours, 0, -1)
  local count = vim.api.nvim_buf_line_count(bufnr)
  for line, lessons in pairs(lines) do
    if line < count then
      vim.api.nvim_buf_set_extmark(bufnr, ours, line, 0, mark(bufnr, line, lessons, style))
    end
  end
end

--- Takes the lessons of a namespace's diagnostics away.
---@param namespace integer
---@param bufnr integer
function M.hide(namespace, bufnr)
  if vim.api.nvim_buf_is_valid(bufnr) then
    vim.api.nvim_buf_clear_namespace(bufnr, namespace_for(namespace), 0, -1)
  end
end

return M
