-- The command `:Marginote` and its words.

local marginote = require("marginote")

local M = {}

--- Asks the server to do something, and gives what it answers to `take`; tells the user what went wrong.
---@param command string a command of the server
---@param arguments any[]
---@param take? fun(result: any, client: vim.lsp.Client)
local function execute(command, arguments, take)
  local client = marginote.client(0)
  if not client then
    marginote.tell("no server runs here. Open a Python file, or see `:checkhealth marginote`.")
    return
  end
  local known = vim.tbl_get(client.server_capabilities, "executeCommandProvider", "commands") or {}
  if not vim.list_contains(known, command) then
    marginote.tell(("this server does not know `%s`: update Marginote."):format(command))
    return
  end
  local answered = false
  local function answer(problem, result)
    answered = true
    if problem then
      marginote.tell(problem.message)
    elseif take then
      take(result, client)
    end
  end
  marginote.call(client, "request", "workspace/executeCommand", { command = command, arguments = arguments }, answer, 0)
  require("marginote.server").tell_unless(function()
    return answered or not vim.lsp.get_client_by_id(client.id)
  end)
end

--- `vim.NIL` is what JSON's null can arrive as.
local function is_nothing(value)
  return value == nil or value == vim.NIL
end

local function explain(words)
  if words == "" then
    local finding = require("marginote.places").findings(0, vim.api.nvim_win_get_cursor(0)[1] - 1)[1]
    if not finding then
      marginote.tell("nothing was found in this line. Say what to explain: `:Marginote explain MUT001`, `:Marginote explain gil`.")
      return
    end
    words = finding.code
  end
  execute("marginote.explain", { words })
end

local function note()
  local client = marginote.client(0)
  local place = vim.lsp.util.make_position_params(0, client and client.offset_encoding or "utf-16")
  -- the server shows the note itself, through `window/showDocument`
  execute("marginote.openNote", { place }, function(result)
    if is_nothing(result) then
      marginote.tell("none of your notes is about what stands here. `:Marginote search` looks for words.", vim.log.levels.INFO)
    end
  end)
end

--- One line for a section that was found: its file and headings, and its words.
local function section(hit)
  local headings = { vim.fs.basename(vim.uri_to_fname(hit.uri)) }
  vim.list_extend(headings, hit.path or {})
  table.insert(headings, hit.title)
  local excerpt = vim.trim((hit.excerpt or ""):gsub("%s+", " "))
  return ("%s - %s"):format(table.concat(headings, " › "), excerpt)
end

local function choose(words)
  execute("marginote.searchNotes", { words }, function(hits, client)
    if is_nothing(hits) or #hits == 0 then
      marginote.tell(("no note says `%s`."):format(words), vim.log.levels.INFO)
      return
    end
    vim.ui.select(hits, { prompt = "Notes that say " .. words, format_item = section }, function(hit)
      if hit then
        require("marginote.page").show(hit.uri, hit.range, client)
      end
    end)
  end)
end

local function search(words)
  if words ~= "" then
    choose(words)
    return
  end
  vim.ui.input({ prompt = "Search the notes: " }, function(given)
    if given and vim.trim(given) ~= "" then
      choose(vim.trim(given))
    end
  end)
end

local function evidence()
  local client = marginote.client(0)
  if client then
    require("marginote.places").evidence(client)
  else
    marginote.tell("no server runs here. Open a Python file, or see `:checkhealth marginote`.")
  end
end

local function recall()
  execute("marginote.recall", {}, function(questions)
    if is_nothing(questions) or #questions == 0 then
      marginote.tell("no question is due.", vim.log.levels.INFO)
      return
    end
    require("marginote.recall").ask(questions, function(id, grade)
      execute("marginote.recall", { { id = id, grade = grade } })
    end)
  end)
end

local function reindex()
  execute("marginote.reindex", {}, function()
    marginote.tell("the notes and the project were read again.", vim.log.levels.INFO)
  end)
end

local function log()
  if marginote.client(0) then
    execute("marginote.showLog", {})
    return
  end
  -- what a server that is gone said stands in Neovim's own log
  local file = vim.lsp.get_log_path()
  vim.cmd.split({ args = { vim.fn.fnameescape(file) } })
  vim.cmd("normal! G")
end

local function restart()
  require("marginote.server").restart()
end

local COMMANDS = {
  explain = explain,
  note = note,
  search = search,
  evidence = evidence,
  recall = recall,
  reindex = reindex,
  log = log,
  restart = restart,
}

--- Those that take words behind their name.
local TAKE_WORDS = { explain = true, search = true }

--- Runs `:Marginote …`.
---@param call { args: string }
function M.run(call)
  for _, wrong in ipairs(marginote.wrong_options()) do
    marginote.tell(wrong)
  end
  local name, words = vim.trim(call.args):match("^(%S*)%s*(.*)$")
  local command = COMMANDS[name]
  if not command then
    local known = table.concat(vim.fn.sort(vim.tbl_keys(COMMANDS)), ", ")
    marginote.tell(("`:Marginote %s` does not exist: there are %s."):format(name, known))
  elseif words ~= "" and not TAKE_WORDS[name] then
    marginote.tell(("`:Marginote %s` takes nothing behind it."):format(name))
  else
    command(words)
  end
end

--- The rules, as `marginote rules --format json` has them. None where the program does not answer.
local rules

local function names_to_explain()
  if not rules then
    local program = marginote.program()
    if not program or vim.fn.executable(program) == 0 then
      return {}
    end
    local said = vim.system({ program, "rules", "--format", "json" }, { text = true }):wait(3000)
    local is_json, list = pcall(vim.json.decode, said.stdout or "")
    if said.code ~= 0 or not is_json then
      return {}
    end
    rules = list.rules
  end
  local names = {}
  for _, rule in ipairs(rules) do
    names[rule.code], names[rule.name] = true, true
    if type(rule.concept) == "string" then
      names[rule.concept] = true
    end
  end
  return vim.fn.sort(vim.tbl_keys(names))
end

--- What can follow in `:Marginote …`.
---@param lead string what is written of the word
---@param line string
---@return string[]
function M.complete(lead, line)
  local before = vim.split(line:sub(1, #line - #lead), "%s+", { trimempty = true })
  local words = {}
  if #before == 1 then
    words = vim.fn.sort(vim.tbl_keys(COMMANDS))
  elseif #before == 2 and before[2] == "explain" then
    words = names_to_explain()
  end
  return vim.tbl_filter(function(word)
    return vim.startswith(word:lower(), lead:lower())
  end, words)
end

return M
