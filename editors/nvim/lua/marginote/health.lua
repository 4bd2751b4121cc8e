-- `:checkhealth marginote`

local marginote = require("marginote")

local M = {}

local function check_neovim()
  local version = tostring(vim.version())
  if vim.lsp.enable then
    vim.health.ok("Neovim " .. version)
  else
    vim.health.warn(
      "Neovim " .. version .. " has no `vim.lsp.enable`",
      { 'start the server with `require("marginote").enable()`', "Neovim 0.11 or later is better" }
    )
  end
end

--- The version that the program says it has.
local function check_program(program)
  local path = vim.fn.exepath(program)
  if path == "" then
    vim.health.error(("the program `%s` is not on the path"):format(program), {
      "install Marginote: `pip install marginote`, or `cargo install --path .` in its checkout",
      'or say where it is: `vim.lsp.config("marginote", { cmd = { "/where/it/is/marginote", "server" } })`',
    })
    return
  end
  local ran, said = pcall(function()
    return vim.system({ path, "--version" }, { text = true }):wait(5000)
  end)
  local version = ran and said.code == 0 and vim.version.parse(said.stdout or "")
  if not version then
    vim.health.error(("`%s --version` does not say a version"):format(path), { "is this Marginote? Install it again" })
  elseif vim.version.lt(version, vim.version.parse(marginote.OLDEST)) then
    vim.health.error(("%s is version %s: this plugin needs %s or later"):format(path, version, marginote.OLDEST), { "update Marginote" })
  else
    vim.health.ok(("%s, version %s"):format(path, version))
  end
end

local function check_server()
  if vim.lsp.is_enabled and not vim.lsp.is_enabled(marginote.NAME) then
    vim.health.warn("the server is not enabled", { 'put `vim.lsp.enable("marginote")` into your `init.lua`' })
  end
  local clients = vim.lsp.get_clients({ name = marginote.NAME })
  if #clients == 0 then
    vim.health.warn("no server runs", { "open a Python file", "`:Marginote log` shows what a server said that stopped" })
  end
  for _, client in ipairs(clients) do
    local version = vim.tbl_get(client, "server_info", "version") or "?"
    local buffers = vim.tbl_count(client.attached_buffers)
    local root = client.root_dir or client.config.root_dir or "no project"
    vim.health.ok(("server %s runs for %s, with %d buffers, positions in %s"):format(version, root, buffers, client.offset_encoding))
  end
end

local function check_options()
  local wrong = marginote.wrong_options()
  for _, message in ipairs(wrong) do
    vim.health.error(message)
  end
  if #wrong == 0 then
    vim.health.ok(("margin = %s, page = %s"):format(vim.inspect(marginote.option("margin")), vim.inspect(marginote.option("page"))))
  end
end

function M.check()
  vim.health.start("Neovim")
  check_neovim()
  vim.health.start("The program")
  local program, wrong = marginote.program()
  if wrong then
    vim.health.error(wrong)
  elseif program then
    check_program(program)
  else
    vim.health.info("`cmd` is a function: what it starts is not checked")
  end
  vim.health.start("The server")
  check_server()
  vim.health.start("Options")
  check_options()
end

return M
