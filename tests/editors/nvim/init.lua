-- A user's init.lua: `run` starts Neovim with it, and with folders of a fresh user.
vim.opt.runtimepath:prepend(vim.env.MARGINOTE_PLUGIN)
-- Neovim's own parsers, where it was unpacked somewhere else than it was built for
vim.opt.runtimepath:append(vim.env.VIMRUNTIME .. "/../../../lib/nvim")
vim.o.swapfile = false
vim.diagnostic.config({ virtual_text = true })
if vim.lsp.enable then
  vim.lsp.enable("marginote")
else
  require("marginote").enable()
end
