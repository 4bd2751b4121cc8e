-- The cases: each runs in a Neovim and a project of its own.
--
-- `nvim -l cases.lua` lists their names; `CASE=name nvim --headless -u init.lua -S cases.lua` runs one and ends with 0 where it passed.

local folder = vim.fs.dirname(debug.getinfo(1, "S").source:sub(2))
local cases, names = {}, {}

--- The files with cases add theirs here.
local function case(name, run)
  assert(not cases[name], name)
  cases[name] = run
  table.insert(names, name)
end

local files = { "reading", "acting", "living" }
-- the folder with the servers that others run beside it, where they could be installed
if vim.env.MARGINOTE_PEERS then
  table.insert(files, "beside")
end
for _, file in ipairs(files) do
  assert(loadfile(folder .. "/" .. file .. ".lua"))(case, function()
    return dofile(folder .. "/support.lua")
  end)
end

if not vim.env.CASE then
  io.stdout:write(table.concat(names, "\n"), "\n")
  return
end

local passed, problem = xpcall(cases[vim.env.CASE], debug.traceback)
if not passed then
  io.stderr:write(problem, "\n")
end
vim.cmd(passed and "qall!" or "cquit!")
