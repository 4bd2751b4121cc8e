//! Links in notes and in cards among them.

use tower_lsp::lsp_types::{
    DocumentLink, Location, Position, Range, TextDocumentPositionParams, Url,
};

use super::backend::Context;
use super::convert;
use crate::analysis::notes::Target;
use crate::config::is_note;

/// The links of a note that lead to a file that may be opened, or to the web. None in a document that is no note.
pub fn links(context: &Context, uri: &Url) -> Option<Vec<DocumentLink>> {
    let Context { view, session, .. } = context;
    let path = convert::path(uri);
    if !is_note(&path) || view.is_foreign(&path) {
        return None;
    }
    let document = view.document(&path)?;
    let links = view.snapshot.note_links(&path).into_iter();
    let link = links.filter_map(|link| {
        let (target, tooltip) = match link.target {
            Target::Web(url) => (Url::parse(&url).ok()?, url),
            Target::File { path, line } => {
                let mut uri = view.uri(&path)?;
                uri.set_fragment(line.map(|line| format!("L{}", line + 1)).as_deref());
                let name = path.file_name().unwrap_or_default();
                (uri, name.to_string_lossy().into_owned())
            }
        };
        Some(DocumentLink {
            range: convert::range(&document, &link.range, session),
            target: Some(target),
            tooltip: Some(tooltip),
            data: None,
        })
    });
    Some(link.collect())
}

/// The file, and the heading in it, to which the link at a position leads.
pub fn definition(context: &Context, at: &TextDocumentPositionParams) -> Option<Location> {
    let Context { view, session, .. } = context;
    let path = convert::path(&at.text_document.uri);
    if !is_note(&path) || view.is_foreign(&path) {
        return None;
    }
    let document = view.document(&path)?;
    let offset = document.offset(convert::from_lsp(at.position), session.encoding)?;
    let mut links = view.snapshot.note_links(&path).into_iter();
    let link = links.find(|link| link.range.contains(&offset))?;
    let Target::File { path, line } = link.target else {
        return None;
    };
    let line = u32::try_from(line.unwrap_or(0)).ok()?;
    let start = Position::new(line, 0);
    Some(Location::new(view.uri(&path)?, Range::new(start, start)))
}
