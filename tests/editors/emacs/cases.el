;;; The cases of tests/editors/emacs/run: `emacs -q --batch -l SNIPPET -l cases.el -f FUNCTION` in a project. Exit 0 = passed.  -*- lexical-binding: t -*-
;;; The snippet is the user's init.el; -q and not -Q, which hides what Debian installed.
(require 'cl-lib)
(require 'seq)
(setq create-lockfiles nil make-backup-files nil python-indent-guess-indent-offset nil)

(defun fail (&rest words)
  (princ (concat (apply #'format words) "\n"))
  (kill-emacs 1))

(defun wait-for (what condition)
  "Waits until CONDITION gives something, and gives it too."
  (let (found (end (+ (float-time) 20)))
    (while (not (setq found (funcall condition)))
      (when (> (float-time) end) (fail "no %s" what))
      (accept-process-output nil 0.05))
    found))

(defun go-to (words)
  (goto-char (point-min))
  (search-forward words)
  (goto-char (match-beginning 0)))

(defun choose-with (words)
  "A `completing-read' that chooses the one candidate with WORDS."
  (lambda (_prompt candidates &rest _)
    (let ((found (seq-filter (lambda (title) (string-search words title))
                             (all-completions "" candidates))))
      (unless (= (length found) 1) (fail "%s in %S" words (all-completions "" candidates)))
      (car found))))

(defun check-fixed ()
  (unless (string-search "def add(item, basket=None):\n    if basket is None:" (buffer-string))
    (fail "not fixed: %s" (buffer-string))))

;;; eglot

(defun open-with-eglot ()
  (require 'eglot)
  (setq eglot-sync-connect t eglot-events-buffer-size 0 eglot-send-changes-idle-time 0 flymake-no-changes-timeout 0.1)
  (add-hook 'project-find-functions (let ((here default-directory)) (lambda (_) (cons 'transient here))))
  (find-file "shop.py")
  ;; where eglot waits for the end of a user's command
  (run-hooks 'post-command-hook)
  (wait-for "buffer that eglot manages" #'eglot-managed-p)
  (flymake-start))

(defun finding (words)
  (seq-find (lambda (diagnostic) (string-search words (flymake-diagnostic-text diagnostic)))
            (flymake-diagnostics)))

(defun eglot-diagnostics ()
  (open-with-eglot)
  (let ((found (wait-for "finding" (lambda () (finding "every call of `add`")))))
    (unless (= (line-number-at-pos (flymake-diagnostic-beg found)) 4) (fail "in another line"))
    (unless (string-search "marginote" (flymake-diagnostic-text found)) (fail "from nobody")))
  (erase-buffer)
  (insert "def add(item, basket):\n    return basket\n")
  (eglot--signal-textDocument/didChange)
  (flymake-start)
  (wait-for "end of the findings" (lambda () (null (flymake-diagnostics)))))

(defun eglot-hover ()
  (open-with-eglot)
  (go-to "[]")
  (wait-for "note in the hover"
            (lambda ()
              (let ((answer (jsonrpc-request (eglot-current-server) :textDocument/hover (eglot--TextDocumentPositionParams))))
                (and answer (string-search "Our rule: never write" (eglot--hover-info (plist-get answer :contents))))))))

(defun eglot-fix ()
  (open-with-eglot)
  (wait-for "finding" (lambda () (finding "every call of `add`")))
  (go-to "[]")
  ;; what came from no key is taken for a click, and eglot would open a menu
  (setq last-nonmenu-event ?x)
  (cl-letf (((symbol-function 'completing-read) (choose-with "Use `None`")))
    (eglot-code-actions (point) (+ (point) 2) nil t))
  (check-fixed))

;;; lsp-mode

(defun open-with-lsp-mode ()
  (require 'lsp-mode)
  (setq lsp-auto-guess-root t lsp-session-file (expand-file-name "../lsp-session") lsp-response-timeout 20
        lsp-enable-file-watchers nil lsp-restart 'ignore lsp-guess-root-without-session t lsp-diagnostics-provider :flymake
        lsp-debounce-full-sync-notifications nil)
  (find-file "shop.py")
  (wait-for "server" (lambda () (seq-find (lambda (workspace) (eq (lsp--workspace-status workspace) 'initialized)) (lsp-workspaces)))))

(defun lsp-findings ()
  (gethash (buffer-file-name) (lsp-diagnostics)))

(defun lsp-mode-diagnostics ()
  (open-with-lsp-mode)
  (let ((found (wait-for "finding" #'lsp-findings)))
    (unless (seq-find (lambda (finding) (equal (lsp:diagnostic-code? finding) "MUT001")) found) (fail "another finding"))))

(defun lsp-mode-hover ()
  (open-with-lsp-mode)
  (go-to "[]")
  (wait-for "note in the hover"
            (lambda ()
              (let ((answer (lsp-request "textDocument/hover" (lsp--text-document-position-params))))
                (and answer (string-search "Our rule: never write" (lsp--render-on-hover-content (lsp:hover-contents answer) t)))))))

(defun lsp-mode-fix ()
  (open-with-lsp-mode)
  (wait-for "finding" #'lsp-findings)
  (go-to "[]")
  (let ((actions (seq-filter (lambda (action) (string-search "Use `None`" (lsp:code-action-title action)))
                             (lsp-code-actions-at-point))))
    (unless (= (length actions) 1) (fail "%d fixes" (length actions)))
    (lsp-execute-code-action (car actions)))
  (check-fixed))
