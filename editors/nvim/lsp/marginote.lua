-- The server's configuration for `vim.lsp.enable("marginote")`. Change it with `vim.lsp.config("marginote", { … })`.

---@type vim.lsp.Config
return {
  cmd = { "marginote", "server" },
  -- notes are Markdown and text: they are attached only where a project has notes, see root_dir
  filetypes = { "python", "markdown", "text" },
  root_dir = function(bufnr, on_dir)
    require("marginote.server").root_dir(bufnr, on_dir)
  end,
  before_init = function(params)
    require("marginote.server").before_init(params)
  end,
  on_init = function(client, result)
    require("marginote.server").on_init(client, result)
  end,
  on_exit = function(code, signal, client_id)
    require("marginote.server").on_exit(code, signal, client_id)
  end,
  handlers = {
    ["window/showDocument"] = function(_, params, context)
      return require("marginote.page").show_document(params, context)
    end,
  },
  commands = {
    ["marginote.references"] = function(command, context)
      require("marginote.places").references(command, context)
    end,
  },
}
