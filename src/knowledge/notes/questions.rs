//! Questions and answers in a section.

use super::Section;
use super::prose::ProseLine;

/// Finds the questions of a section, in their order.
pub(super) fn find(text: &str, section: &mut Section, prose: &[ProseLine]) {
    let _ = (text, section, prose);
}
