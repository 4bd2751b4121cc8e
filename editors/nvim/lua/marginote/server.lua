-- Starting the server, and what happens when it cannot start or stops.

local marginote = require("marginote")

local M = {}

local MARKERS = { "marginote.toml", "pyproject.toml", "setup.py", ".git" }

--- A server that stopped by itself is started again this many times …
local RESTARTS = 3
--- … within so many seconds.
local WITHIN = 180
--- Milliseconds until a server that answers nothing is called hanging.
local PATIENCE = 10000

--- When the server was started again, in seconds.
local restarted = {}
--- Counts starts and answers, so that the hanging server is found.
local starts, answers = 0, 0
--- Whether the missing program was named already.
local named_missing = false
--- The configuration where Neovim keeps none.
local config_of_old_neovim

--- Whether a folder's configuration concerns Marginote, which is what makes its texts notes.
local function has_settings(folder)
  if vim.uv.fs_stat(folder .. "/marginote.toml") then
    return true
  end
  local file = io.open(folder .. "/pyproject.toml")
  if not file then
    return false
  end
  local found = file:read("*a"):find("[tool.marginote", 1, true)
  file:close()
  return found ~= nil
end

--- The project of a note: the running server that has it in its folder, else the nearest folder with settings. None where there is neither.
local function project_of_note(path)
  for _, client in ipairs(vim.lsp.get_clients({ name = marginote.NAME })) do
    local root = client.root_dir or client.config.root_dir
    if type(root) == "string" and vim.startswith(path, root .. "/") then
      return root
    end
  end
  local root = vim.fs.root(path, MARKERS)
  return root and has_settings(root) and root or nil
end

--- Whether the user wants the server.
local function is_enabled()
  if vim.lsp.is_enabled then
    return vim.lsp.is_enabled(marginote.NAME)
  end
  return config_of_old_neovim ~= nil
end

--- Says that the program is missing, or cannot be one, where the server is enabled and would need it, once. Neovim only writes that into its log.
function M.look_for_program()
  if named_missing or not is_enabled() then
    return
  end
  local program, wrong = marginote.program()
  if not wrong and (not program or vim.fn.executable(program) == 1) then
    return
  end
  named_missing = true
  if wrong then
    marginote.tell(wrong, vim.log.levels.ERROR)
    return
  end
  local message = "the program `%s` is not on the path. Install Marginote, or say where it is: %s. `:checkhealth marginote` says more."
  local example = 'vim.lsp.config("marginote", { cmd = { "/where/it/is/marginote", "server" } })'
  marginote.tell(message:format(program, example), vim.log.levels.ERROR)
end

--- Gives the root of a buffer's project to `on_dir`; calls it not at all where no server should be started.
---@param bufnr integer
---@param on_dir fun(root: string?)
function M.root_dir(bufnr, on_dir)
  local path = vim.api.nvim_buf_get_name(bufnr)
  -- Neovim has nowhere to put what is found in a buffer without a name
  if path == "" then
    return
  end
  if vim.bo[bufnr].filetype == "python" then
    on_dir(vim.fs.root(bufnr, MARKERS))
    return
  end
  local root = project_of_note(path)
  if root then
    on_dir(root)
  end
end

--- A buffer that got its name when it was written has the server from then on.
---@param bufnr integer
function M.after_write(bufnr)
  if is_enabled() and #vim.lsp.get_clients({ name = marginote.NAME, bufnr = bufnr }) == 0 then
    M.start(bufnr)
  end
end

--- Tells the user after a while that a server does not answer.
---@param is_over fun(): boolean whether it has answered, or nobody waits for it any more
function M.tell_unless(is_over)
  vim.defer_fn(function()
    if not is_over() then
      marginote.tell("the server has not answered yet. `:Marginote log` may say why; `:Marginote restart` starts it again.")
    end
  end, PATIENCE)
end

---@param params lsp.InitializeParams
function M.before_init(params)
  -- Findings depend on other files. Neovim 0.11 asks for them only when the buffer changes, so the server is to tell them when they change.
  params.capabilities.textDocument.diagnostic = nil
  starts = starts + 1
  local start = starts
  M.tell_unless(function()
    return start ~= starts or answers >= starts
  end)
end

---@param client vim.lsp.Client
---@param result lsp.InitializeResult
function M.on_init(client, result)
  answers = starts
  client.marginote_answered = true
  local version = vim.tbl_get(result, "serverInfo", "version")
  local parsed = version and vim.version.parse(version)
  if not parsed or vim.version.lt(parsed, vim.version.parse(marginote.OLDEST)) then
    marginote.tell(
      ("the server is version %s, and this plugin needs %s or later: update Marginote, some commands may fail."):format(
        version or "unknown",
        marginote.OLDEST
      )
    )
  end
end

--- How often the server was started again lately.
local function lately()
  local now = vim.uv.now() / 1000
  restarted = vim.tbl_filter(function(time)
    return now - time < WITHIN
  end, restarted)
  return #restarted
end

--- Starts a server with a configuration for those of the buffers that are still there.
local function start(config, buffers)
  for _, bufnr in ipairs(buffers) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      vim.lsp.start(config, { bufnr = bufnr })
    end
  end
end

--- Called when a server's process ended, outside of the main loop.
---@param code integer
---@param signal integer
---@param client_id integer
function M.on_exit(code, signal, client_id)
  answers = starts
  local client = vim.lsp.get_client_by_id(client_id)
  -- 15: `client:stop(true)`, or somebody who wants it gone
  if code == 0 and signal == 0 or signal == 15 or not client then
    return
  end
  local buffers = vim.tbl_keys(client.attached_buffers)
  local config, answered = client.config, client.marginote_answered
  vim.schedule(function()
    if vim.v.exiting ~= vim.NIL then
      return
    end
    local how = signal ~= 0 and ("signal %d"):format(signal) or ("exit code %d"):format(code)
    if not answered then
      local message = "the server could not start (%s). `:checkhealth marginote` and `:Marginote log` say why; `:Marginote restart` tries again."
      marginote.tell(message:format(how), vim.log.levels.ERROR)
    elseif lately() >= RESTARTS then
      local message = "the server stopped (%s), and %d times before in a short time: it stays stopped. `:Marginote log` says why; `:Marginote restart` starts it again."
      marginote.tell(message:format(how, RESTARTS), vim.log.levels.ERROR)
    else
      table.insert(restarted, vim.uv.now() / 1000)
      marginote.tell(("the server stopped (%s) and is started again."):format(how))
      vim.defer_fn(function()
        start(config, buffers)
      end, 200)
    end
  end)
end

--- Stops the servers and starts them again, for the same buffers; where none runs, for all buffers of its file types.
function M.restart()
  restarted = {}
  named_missing = false
  M.look_for_program()
  local clients = vim.lsp.get_clients({ name = marginote.NAME })
  for _, client in ipairs(clients) do
    -- a server that is asked to stop answers nothing more, and Neovim would say so of each thing it still asks for these buffers
    for bufnr in pairs(vim.deepcopy(client.attached_buffers)) do
      vim.lsp.buf_detach_client(bufnr, client.id)
    end
    marginote.call(client, "stop")
  end
  -- whoever does not stop when asked is made to
  local function are_gone()
    return #vim.lsp.get_clients({ name = marginote.NAME }) == 0
  end
  vim.wait(5000, are_gone, 20)
  for _, client in ipairs(vim.lsp.get_clients({ name = marginote.NAME })) do
    -- `stop(true)` does nothing for one that was asked already
    client.rpc.terminate()
  end
  -- one that is about to end would be taken for the buffers again
  vim.wait(1000, are_gone, 20)
  for _, bufnr in ipairs(vim.api.nvim_list_bufs()) do
    if vim.api.nvim_buf_is_loaded(bufnr) then
      M.start(bufnr)
    end
  end
end

--- Starts the server for a buffer, or attaches the one of its project, where the buffer is one for it.
---@param bufnr integer
function M.start(bufnr)
  local config = vim.deepcopy(marginote.server_config())
  local is_for_it = vim.bo[bufnr].buftype == "" and vim.tbl_contains(config.filetypes, vim.bo[bufnr].filetype)
  local program, wrong = marginote.program()
  if not is_for_it or wrong or program and vim.fn.executable(program) == 0 then
    return
  end
  config.name = marginote.NAME
  local function with_root(root)
    config.root_dir = root
    vim.lsp.start(config, { bufnr = bufnr })
  end
  if type(config.root_dir) == "function" then
    config.root_dir(bufnr, with_root)
  else
    with_root(config.root_dir)
  end
end

--- The configuration on Neovim 0.10.
---@return table
function M.config_of_old_neovim()
  if not config_of_old_neovim then
    local file = vim.api.nvim_get_runtime_file("lsp/marginote.lua", false)[1]
    config_of_old_neovim = dofile(file)
  end
  return config_of_old_neovim
end

--- What `vim.lsp.enable` does in later versions.
---@param changes table
function M.enable_on_old_neovim(changes)
  config_of_old_neovim = vim.tbl_deep_extend("force", M.config_of_old_neovim(), changes)
  vim.api.nvim_create_autocmd("FileType", {
    group = vim.api.nvim_create_augroup("marginote.enable", {}),
    pattern = config_of_old_neovim.filetypes,
    callback = function(event)
      M.start(event.buf)
    end,
  })
end

return M
