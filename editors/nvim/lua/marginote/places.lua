-- Places of the code in the location list: the evidence of a finding, what a code lens counts.

local marginote = require("marginote")

local M = {}

local function list(title, items)
  vim.fn.setloclist(0, {}, " ", { title = title, items = items })
  vim.cmd.lopen()
end

--- The findings of Marginote that cover a line, from 0.
---@param bufnr integer
---@param line integer
---@return vim.Diagnostic[]
function M.findings(bufnr, line)
  return vim.tbl_filter(function(diagnostic)
    return diagnostic.source == "marginote" and diagnostic.lnum <= line and line <= diagnostic.end_lnum
  end, vim.diagnostic.get(bufnr))
end

--- The findings of the cursor's line with their evidence, in the location list.
---@param client vim.lsp.Client
function M.evidence(client)
  local findings = M.findings(0, vim.api.nvim_win_get_cursor(0)[1] - 1)
  if #findings == 0 then
    marginote.tell("nothing was found in this line. Put the cursor on a line with a finding.")
    return
  end
  local items = vim.diagnostic.toqflist(findings)
  for _, finding in ipairs(findings) do
    for _, evidence in ipairs(vim.tbl_get(finding, "user_data", "lsp", "relatedInformation") or {}) do
      local found = vim.lsp.util.locations_to_items({ evidence.location }, client.offset_encoding)
      for _, item in ipairs(found) do
        table.insert(items, vim.tbl_extend("force", item, { text = evidence.message, type = "N" }))
      end
    end
  end
  list("Marginote: " .. findings[1].code, items)
end

--- Shows the places that a code lens counts.
---@param command lsp.Command with the document, the position and the locations
---@param context { client_id: integer }
function M.references(command, context)
  local client = vim.lsp.get_client_by_id(context.client_id)
  local locations = command.arguments[3] or {}
  if not client or #locations == 0 then
    marginote.tell("there is no place to show.", vim.log.levels.INFO)
    return
  end
  list("Marginote: " .. command.title, vim.lsp.util.locations_to_items(locations, client.offset_encoding))
end

return M
