-- Loaded at the start: the command and the margin. Everything else is loaded when it is needed.

if vim.g.loaded_marginote then
  return
end
vim.g.loaded_marginote = true

if vim.fn.has("nvim-0.10") == 0 then
  vim.notify("Marginote needs Neovim 0.10 or later: this one is older, so nothing of it is loaded.", vim.log.levels.ERROR)
  return
end

vim.api.nvim_create_user_command("Marginote", function(call)
  require("marginote.commands").run(call)
end, {
  nargs = "*",
  desc = "Study notes: explain, note, search, evidence, recall, reindex, log, restart",
  complete = function(lead, line)
    return require("marginote.commands").complete(lead, line)
  end,
})

local group = vim.api.nvim_create_augroup("marginote", {})
vim.api.nvim_create_autocmd("FileType", {
  group = group,
  pattern = "python",
  callback = function()
    require("marginote.server").look_for_program()
  end,
})

vim.api.nvim_create_autocmd("BufWritePost", {
  group = group,
  pattern = { "*.py", "*.pyi" },
  callback = function(event)
    require("marginote.server").after_write(event.buf)
  end,
})

vim.api.nvim_set_hl(0, "MarginoteLesson", { link = "Comment", default = true })

-- A handler of diagnostics beside Neovim's own: it is shown and hidden with them, and changes none of their settings.
vim.diagnostic.handlers.marginote = {
  show = function(namespace, bufnr, diagnostics)
    require("marginote.margin").show(namespace, bufnr, diagnostics)
  end,
  hide = function(namespace, bufnr)
    require("marginote.margin").hide(namespace, bufnr)
  end,
}
vim.diagnostic.config({ marginote = {} })
