//! The built-in cards, and the log, as pages that every editor can open: read-only files in the user's cache directory, written when somebody asks for them.
//!
//! Where they cannot be written there are none, and nobody links to them.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use etcetera::BaseStrategy;
use rustc_hash::FxHashSet;
use tempfile::NamedTempFile;
use tower_lsp::lsp_types::Url;

use super::log::last_lines;
use super::workspace::lock;
use crate::explain;
use crate::knowledge::{Card, Knowledge};

/// The pages of one process.
pub struct Pages {
    /// `marginote` in the user's cache directory. None where the user has no home.
    folder: Option<PathBuf>,
    /// Files that were found right or written. Somebody may have deleted them since.
    known: Mutex<FxHashSet<PathBuf>>,
}

impl Pages {
    /// Those of the user who runs this.
    pub fn of_user() -> Pages {
        let folder = etcetera::choose_base_strategy()
            .ok()
            .map(|places| places.cache_dir().join("marginote"));
        Pages {
            folder,
            known: Mutex::default(),
        }
    }

    /// The file in which a card can be read: a card of the user's stands in one of theirs. None where no file can be written.
    pub fn file(&self, card: Card<'_>) -> Option<PathBuf> {
        let (own, name) = match card {
            Card::Concept(card) => (&card.file, &card.concept),
            Card::Rule(card) => (&card.file, &card.code),
        };
        if let Some(own) = own {
            return Some(PathBuf::from(own));
        }
        let cards = self.folder.as_ref()?.join("cards");
        let cards = cards.join(env!("CARGO_PKG_VERSION"));
        let file = cards.join(format!("{name}.md"));
        if lock(&self.known).contains(&file) && file.is_file() {
            return Some(file);
        }
        // a page speaks of what is built in: it is the same for every project
        let text = match card {
            Card::Concept(card) => explain::concept(card, Knowledge::builtin()),
            Card::Rule(card) => explain::rule(card, Knowledge::builtin()),
        };
        let text = text.markdown.as_bytes();
        let is_right = fs::read(&file).is_ok_and(|found| found == text);
        if !is_right && let Err(error) = write(&file, text) {
            tracing::debug!("the page {} cannot be written: {error}", file.display());
            return None;
        }
        lock(&self.known).insert(file.clone());
        Some(file)
    }

    /// A file with the last lines of the log; the next one takes its place. None where no file can be written.
    pub fn log(&self) -> Option<PathBuf> {
        let file = self.folder.as_ref()?.join("server.log");
        match write(&file, last_lines().as_bytes()) {
            Ok(()) => Some(file),
            Err(error) => {
                tracing::debug!("the page {} cannot be written: {error}", file.display());
                None
            }
        }
    }

    /// The address of the file of a card.
    pub fn url(&self, card: Card<'_>) -> Option<Url> {
        Url::from_file_path(self.file(card)?).ok()
    }
}

/// Writes a page that nobody edits by accident, whole or not at all.
fn write(file: &Path, text: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text)?;
    let mut permissions = new.as_file().metadata()?.permissions();
    permissions.set_readonly(true);
    new.as_file().set_permissions(permissions)?;
    new.persist(file)?;
    Ok(())
}
