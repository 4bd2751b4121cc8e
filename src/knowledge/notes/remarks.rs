//! The comments in a section's Python: what a note says beside its code.

use super::lines::Lines;
use super::python::Nesting;
use super::{Block, Note, Passage, Section};

impl Note {
    /// What the comments of a section's Python say. Comments on lines of their own that stand below each other are one passage. What the user marked as a bad example says
    /// nothing.
    pub fn remarks(&self, section: &Section) -> Vec<Passage> {
        let blocks = section.blocks.iter().filter(|block| block.may_be_python());
        blocks.flat_map(|block| self.remarks_of(block)).collect()
    }

    fn remarks_of(&self, block: &Block) -> Vec<Passage> {
        let mut found: Vec<Passage> = Vec::new();
        let text = self.text.get(block.range.clone()).unwrap_or_default();
        if !text.contains('#') {
            return found;
        }
        let lines = Lines::new(text);
        let mut nesting = Nesting::default();
        // the column of the comment that is the whole line above
        let mut above = None;
        for number in 0..lines.count() {
            let line = lines.text(number);
            let comment = nesting.line(line).filter(|_| !block.is_bad(number));
            let Some(column) = comment else {
                above = None;
                continue;
            };
            let own = line[..column].trim().is_empty().then_some(column);
            let said = line[column..].trim_start_matches('#').trim();
            let start = block.range.start + lines.start(number) + line.len()
                - line[column..].trim_start_matches('#').trim_start().len();
            match found.last_mut().filter(|_| own.is_some() && own == above) {
                Some(passage) if !said.is_empty() => {
                    passage.text.push(' ');
                    passage.text.push_str(said);
                    passage.range.end = start + said.len();
                }
                _ if !said.is_empty() => found.push(Passage {
                    text: said.to_owned(),
                    range: start..start + said.len(),
                    line: block.line + number,
                }),
                _ => {}
            }
            above = own.filter(|_| !said.is_empty());
        }
        found
    }
}
