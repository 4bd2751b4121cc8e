-- Questions: one after the other, the answer when it is asked for, then how well it was known.

local M = {}

local GRADES = { "again", "hard", "good", "easy" }

--- A window with Markdown that is nobody's file.
local function card(lines)
  local bufnr = vim.api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = "wipe"
  vim.api.nvim_buf_set_lines(bufnr, 0, -1, false, lines)
  vim.bo[bufnr].filetype = "markdown"
  local width = math.min(80, math.max(vim.o.columns - 4, 1))
  local window = vim.api.nvim_open_win(bufnr, false, {
    relative = "editor",
    width = width,
    height = math.min(#lines + 2, math.max(vim.o.lines - 10, 1)),
    row = 1,
    col = math.max(math.floor((vim.o.columns - width) / 2), 0),
    border = "rounded",
    title = " Recall ",
  })
  vim.wo[window][0].wrap = true
  vim.wo[window][0].linebreak = true
  vim.cmd.redraw()
  return window
end

local function close(window)
  if vim.api.nvim_win_is_valid(window) then
    vim.api.nvim_win_close(window, true)
  end
end

--- Asks the questions from the one at `index` on, until the user has enough.
local function ask(questions, index, keep)
  local question = questions[index]
  if not question then
    return
  end
  local lines = vim.split(question.question, "\n")
  local asked = card(lines)
  local prompt = ("Question %d of %d"):format(index, #questions)
  vim.ui.select({ "show the answer", "stop" }, { prompt = prompt }, function(choice)
    close(asked)
    if choice ~= "show the answer" then
      return
    end
    local answered = card(vim.list_extend(vim.list_extend(lines, { "", "---", "" }), vim.split(question.answer, "\n")))
    vim.ui.select(GRADES, { prompt = "How well did you know it?" }, function(grade)
      close(answered)
      if grade then
        keep(question.id, grade)
        ask(questions, index + 1, keep)
      end
    end)
  end)
end

--- Asks questions of `marginote.recall`.
---@param questions { id: string, question: string, answer: string }[]
---@param keep fun(id: string, grade: string) called with each grade that the user gives
function M.ask(questions, keep)
  ask(questions, 1, keep)
end

return M
