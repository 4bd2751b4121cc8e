-- What the other modules share: the user's options, messages, the running server.

local M = {}

--- The server's name in Neovim.
M.NAME = "marginote"

--- The oldest server that has every command of this plugin.
M.OLDEST = "0.1.0"

local OPTIONS = {
  margin = { default = "lines", allowed = { "lines", "text", false } },
  page = { default = "float", allowed = { "float", "split", "vsplit", "edit" } },
}

--- What is wrong in `vim.g.marginote`, a sentence each.
---@return string[]
function M.wrong_options()
  local given = vim.g.marginote
  if given == nil then
    return {}
  end
  if type(given) ~= "table" then
    return { "`vim.g.marginote` must be a table: it is a " .. type(given) }
  end
  local wrong = {}
  for key, value in vim.spairs(given) do
    local option = OPTIONS[key]
    if not option then
      local known = table.concat(vim.tbl_keys(OPTIONS), "`, `")
      table.insert(wrong, ("`vim.g.marginote` has no option `%s`: there are `%s`"):format(key, known))
    elseif not vim.tbl_contains(option.allowed, value) then
      local allowed = vim.tbl_map(vim.inspect, option.allowed)
      local message = "`vim.g.marginote.%s` is %s: it can be %s"
      table.insert(wrong, message:format(key, vim.inspect(value), table.concat(allowed, ", ")))
    end
  end
  return wrong
end

--- The value of an option: the user's where it is allowed, else the default.
---@param key "margin"|"page"
---@return string|false
function M.option(key)
  local option = OPTIONS[key]
  local given = vim.g.marginote
  if type(given) == "table" and given[key] ~= nil and vim.tbl_contains(option.allowed, given[key]) then
    return given[key]
  end
  return option.default
end

--- Tells the user something.
---@param message string
---@param level? integer of `vim.log.levels`; a warning without it
function M.tell(message, level)
  vim.notify("Marginote: " .. message, level or vim.log.levels.WARN)
end

--- The configuration of the server, the user's changes included.
---@return table
function M.server_config()
  if vim.lsp.config then
    return vim.lsp.config[M.NAME]
  end
  return require("marginote.server").config_of_old_neovim()
end

--- The program that is started. None where a function starts it, and where `cmd` is wrong: then what is wrong comes second.
---@return string? program
---@return string? wrong
function M.program()
  local cmd = M.server_config().cmd
  if type(cmd) == "function" then
    return nil
  end
  local program = type(cmd) == "table" and cmd[1]
  if type(program) ~= "string" then
    local message = 'the `cmd` of the server must be a list such as { "marginote", "server" }: it is %s'
    return nil, message:format(vim.inspect(cmd))
  end
  return program
end

--- The server of a buffer, else any that runs.
---@param bufnr integer
---@return vim.lsp.Client?
function M.client(bufnr)
  local here = vim.lsp.get_clients({ name = M.NAME, bufnr = bufnr })[1]
  return here or vim.lsp.get_clients({ name = M.NAME })[1]
end

--- Calls a method of a client: Neovim 0.10 takes it without the client.
---@param client vim.lsp.Client
---@param method "request"|"stop"
function M.call(client, method, ...)
  if vim.fn.has("nvim-0.11") == 1 then
    return client[method](client, ...)
  end
  return client[method](...)
end

--- Starts the server for the buffers of its file types, on Neovim 0.10, which has no `vim.lsp.enable`.
---@param changes? table of the server's configuration
function M.enable(changes)
  if vim.lsp.enable then
    vim.lsp.config(M.NAME, changes or {})
    vim.lsp.enable(M.NAME)
  else
    require("marginote.server").enable_on_old_neovim(changes or {})
  end
end

return M
