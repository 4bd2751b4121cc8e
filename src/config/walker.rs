//! How folders are walked, for code and for notes.

use std::path::Path;

use ignore::WalkBuilder;

/// A walk through a folder that leaves out what is hidden and what links lead to; with `git` also what ignore files name, in a repository or not.
pub fn walker(root: &Path, git: bool) -> WalkBuilder {
    let mut walker = WalkBuilder::new(root);
    walker
        .git_ignore(git)
        .git_global(git)
        .git_exclude(git)
        .ignore(git)
        .require_git(false)
        .follow_links(false);
    walker
}
