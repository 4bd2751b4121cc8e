//! The last lines of the log, for a user whose editor does not show what the server writes to stderr.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// How many lines are kept.
const LINES: usize = 500;

/// How much of a line is kept, in bytes.
const LONGEST: usize = 4000;

static KEPT: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Writes whole lines to stderr, and keeps them.
pub struct Log;

impl Write for Log {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.write_all(lines)?;
        Ok(lines.len())
    }

    fn write_all(&mut self, lines: &[u8]) -> io::Result<()> {
        keep(&String::from_utf8_lossy(lines));
        io::stderr().write_all(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn keep(lines: &str) {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    for line in lines.lines() {
        if kept.len() == LINES {
            kept.pop_front();
        }
        let end = line.floor_char_boundary(LONGEST);
        kept.push_back(line.get(..end).unwrap_or_default().to_owned());
    }
}

/// The last lines, the oldest first.
pub fn last_lines() -> String {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().flat_map(|line| [line, "\n"]).collect()
}
