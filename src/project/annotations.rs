//! What an annotation allows, also where it is written as a string.

use std::sync::Arc;

use super::steps::Step;
use super::{Project, Value};
use crate::facts::{Resolution, Site};
use crate::syntax::{Field, Kind, Node, Op, parse};

/// The parts of an annotation.
#[derive(Debug, Default)]
pub struct Annotation {
    /// The qualified names of the classes that it allows, `None` left out; None for one that is not known.
    pub classes: Vec<Option<Arc<str>>>,
    /// The qualifiers around them: `typing.ClassVar`, `dataclasses.InitVar`, …
    pub qualifiers: Vec<Arc<str>>,
    /// Whether it allows `None`.
    pub optional: bool,
}

/// How deep an annotation is read.
const DEPTH: usize = 12;

const QUALIFIERS: &[&str] = &[
    "ClassVar",
    "Final",
    "InitVar",
    "Required",
    "NotRequired",
    "ReadOnly",
    "KW_ONLY",
];

impl Project {
    /// Reads an annotation.
    pub fn annotation(&self, annotation: Site<'_>) -> Annotation {
        let mut found = Annotation::default();
        self.read_annotation(annotation, annotation.text(), &mut found, 0);
        found
    }

    fn read_annotation(&self, at: Site<'_>, text: &str, found: &mut Annotation, depth: usize) {
        // as an expression: a string is read the same way, and the grammar has nodes of its own for types
        let (tree, _) = parse(&text.into(), None, false);
        let expression = tree
            .root()
            .child_of(Kind::ExpressionStatement)
            .and_then(|statement| statement.children().next());
        match expression {
            Some(expression) if !tree.has_error() => {
                self.read_type(at, expression, found, depth);
            }
            _ => found.classes.push(None),
        }
    }

    fn read_type(&self, at: Site<'_>, node: Node<'_>, found: &mut Annotation, depth: usize) {
        if depth > DEPTH {
            found.classes.push(None);
            return;
        }
        match node.kind() {
            Kind::None => found.optional = true,
            Kind::Parenthesized => {
                if let Some(inner) = node.children().next() {
                    self.read_type(at, inner, found, depth + 1);
                }
            }
            Kind::BinaryOperation if node.op() == Op::BitOr => {
                for side in node.children() {
                    self.read_type(at, side, found, depth + 1);
                }
            }
            Kind::String => {
                let text = node.text().trim_matches(['"', '\'']);
                self.read_annotation(at, text, found, depth + 1);
            }
            Kind::Subscript => self.read_generic(at, node, found, depth),
            Kind::Name | Kind::Attribute => {
                let name = self.qualified_at(at, node.text());
                match &name {
                    Some(name) if is_qualifier(name) => found.qualifiers.push(Arc::clone(name)),
                    _ => found.classes.push(name),
                }
            }
            _ => found.classes.push(None),
        }
    }

    fn read_generic(&self, at: Site<'_>, node: Node<'_>, found: &mut Annotation, depth: usize) {
        let name = node
            .child(Field::Value)
            .and_then(|base| self.qualified_at(at, base.text()));
        let mut arguments = node
            .children()
            .filter(|child| child.field() == Field::Subscript)
            .flat_map(|child| {
                let many = child.kind() == Kind::Tuple;
                let inner = child.children().filter(move |_| many);
                inner.chain(std::iter::once(child).filter(move |_| !many))
            });
        let Some(known) = &name else {
            found.classes.push(None);
            return;
        };
        let short = known
            .strip_prefix("typing.")
            .or(known.strip_prefix("typing_extensions."));
        match short {
            Some("Optional") => {
                found.optional = true;
                if let Some(inner) = arguments.next() {
                    self.read_type(at, inner, found, depth + 1);
                }
            }
            Some("Union") => {
                for inner in arguments {
                    self.read_type(at, inner, found, depth + 1);
                }
            }
            Some("Annotated") => {
                if let Some(inner) = arguments.next() {
                    self.read_type(at, inner, found, depth + 1);
                }
            }
            _ if is_qualifier(known) => {
                found.qualifiers.push(Arc::clone(known));
                if let Some(inner) = arguments.next() {
                    self.read_type(at, inner, found, depth + 1);
                }
            }
            _ => found.classes.push(name),
        }
    }

    /// The qualified name of what a dotted name denotes where `at` stands.
    fn qualified_at(&self, at: Site<'_>, dotted: &str) -> Option<Arc<str>> {
        // a name may be annotated with itself: `bytes: Optional[bytes] = None`
        let _step = Step::take()?;
        let mut parts = dotted.split('.').map(str::trim);
        let first = parts.next()?;
        let mut value = match at.resolve_from(at.scope(), first) {
            Resolution::Local(bindings) | Resolution::Module(bindings) => {
                self.value_of_bindings(&bindings, None, 0)
            }
            Resolution::Free => match self.through_star_imports(at.file, first, 0) {
                Value::Unknown if super::is_builtin(first) => {
                    Value::External(format!("builtins.{first}").into())
                }
                value => value,
            },
        };
        for part in parts {
            value = self.member(value, part);
        }
        self.qualified_value(&value)
    }
}

fn is_qualifier(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(module, short)| {
        matches!(module, "typing" | "typing_extensions" | "dataclasses")
            && QUALIFIERS.contains(&short)
    })
}
