# Read by the scripts that try Marginote in an editor: where things are, counting, and the end.
#
# A script ends with `N passed, N failed` in its last line, and with 1 where something failed. Where its editor cannot be installed it says so and ends with
# `0 passed, 0 failed`.
#
# From outside: EDITORS_ROOT, where editors get installed (`target/editors` without it), and MARGINOTE, the binary (the debug build without it).

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "${EDITORS_ROOT:=$top/target/editors}"
root=$(cd "$EDITORS_ROOT" && pwd)
passed=0 failed=0
work=$(mktemp -d)
trap 'close_terminal; rm -rf "$work" 2>/dev/null || { sleep 1; rm -rf "$work"; }' EXIT

# The binary under test, as `marginote` on the path.
put_on_path() {
  if [ -z "${MARGINOTE:-}" ]; then
    (cd "$top" && cargo build --quiet) || { echo "Marginote cannot be built: see above" >&2; exit 1; }
    MARGINOTE=${CARGO_TARGET_DIR:-$top/target}/debug/marginote
  fi
  mkdir -p "$work/bin"
  ln -sf "$(realpath "$MARGINOTE")" "$work/bin/marginote"
  PATH="$work/bin:$PATH"
}

# not_installed WHAT LOG: ends the script, because this editor cannot be had here. Shows the end of the log.
not_installed() {
  tail -n 5 "$2" >&2
  echo "SKIPPED: $1 cannot be installed here: see above"
  echo "0 passed, 0 failed"
  exit 0
}

# The folders of a fresh user in the environment, and a copy of a project to work in as $project.
fresh() {
  local home
  home=$(mktemp -d "$work/home.XXXX")
  export XDG_CONFIG_HOME=$home/config XDG_DATA_HOME=$home/data XDG_STATE_HOME=$home/state XDG_CACHE_HOME=$home/cache LC_ALL=C.UTF-8
  mkdir -p "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_STATE_HOME" "$XDG_CACHE_HOME"
  project=$home/project
  cp -r "$top/tests/editors/project" "$project"
}

# try NAME COMMAND…: one test. Its output is shown when it fails.
try() {
  local name=$1 start=$SECONDS
  shift
  if "$@" >"$work/output" 2>&1; then
    passed=$((passed + 1))
    echo "ok      $name ($((SECONDS - start)) s)"
  else
    failed=$((failed + 1))
    echo "FAILED  $name ($((SECONDS - start)) s)"
    sed 's/^/        /' "$work/output"
  fi
}

# Says how many passed, and ends.
finish() {
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ]
  exit
}

# A terminal of our own: `terminal COMMAND` runs a command in it, `press KEYS…` types, `see WORDS` waits until an extended regular expression is on the screen.
# Each has a server of its own: one that was told to end may still be there for a moment.
terminals=0
mux() { tmux -L "marginote-$$-$terminals" -f /dev/null "$@"; }
terminal() {
  terminals=$((terminals + 1))
  TERM=xterm-256color mux new-session -d -s e -x 120 -y 45 "$1"
}
press() { mux send-keys -t e "$@"; }
screen() { mux capture-pane -p -t e; }
see() {
  local turn
  for turn in $(seq 75); do
    screen >"$work/screen" || break
    if grep -qE -- "$1" "$work/screen"; then return 0; fi
    sleep 0.2
  done
  echo "not on the screen: $1"
  cat "$work/screen"
  return 1
}
close_terminal() { mux kill-server 2>/dev/null || true; }

# snippet HEADING WORDS: the first fenced block below a line with these words, in the section of editors/README.md that has the heading.
snippet() {
  awk -v heading="## $1" -v words="$2" '
    /^## / { inside = ($0 == heading) }
    inside && !found && index($0, words) { found = 1; next }
    found && /^```/ { if (open) exit; open = 1; next }
    open { print }
  ' "$top/editors/README.md" | grep . || { echo "editors/README.md has no block below \"$2\" in \"$1\"" >&2; return 1; }
}
