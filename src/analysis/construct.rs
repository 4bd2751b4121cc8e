//! What stands at a place of the code, as the hover selectors of cards name it.

use std::ops::Range;

use super::shapes;
use crate::facts::{BindingKind, FileFacts, Site};
use crate::knowledge::{
    Comprehension, KEYWORDS, LITERALS, OPERATORS, Parameter as ParameterShape, Selector,
};
use crate::project::{Class, ClassValue, Function, ParameterKind, Project, Value};
use crate::syntax::{Field, Kind, Node, Op};

/// The construct at a byte: its range in the file, and what it is, the most specific first. None between constructs, and in text and comments.
pub(super) fn construct_at(
    project: &Project,
    file: &FileFacts,
    offset: usize,
) -> Option<(Range<usize>, Vec<Selector>)> {
    let (segment, inside) = file.segment_at(offset)?;
    let root = file.root(segment);
    let site = root.with(root.node.tree().at(inside));
    let mut found = Vec::new();
    let range = match site.node.kind() {
        Kind::Name => {
            name(project, site, &mut found);
            site.range()
        }
        Kind::Comment => return None,
        Kind::String | Kind::Integer | Kind::Float | Kind::Ellipsis => {
            literal(site.node, &mut found);
            site.range()
        }
        _ => {
            let token = token_at(site.text(), inside.checked_sub(site.node.range().start)?)?;
            let start = site.range().start;
            keyword_or_operator(site, &site.text()[token.clone()], &mut found);
            start + token.start..start + token.end
        }
    };
    if offset < first_line_end(file.source()) {
        let name = file.path().file_name()?.to_string_lossy().into_owned();
        found.push(Selector::File(name));
    }
    Some((range, found))
}

fn first_line_end(source: &str) -> usize {
    source.find(['\n', '\r']).unwrap_or(source.len())
}

/// The word or operator around a byte of a node's text, outside of its children.
fn token_at(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_operator = |byte: u8| b"+-*/%@<>&|^~=!:".contains(&byte);
    let class = *bytes.get(at)?;
    let same: &dyn Fn(u8) -> bool = if is_word(class) {
        &is_word
    } else if is_operator(class) {
        &is_operator
    } else {
        return None;
    };
    let start = bytes[..at]
        .iter()
        .rposition(|byte| !same(*byte))
        .map_or(0, |before| before + 1);
    let end = bytes[at..]
        .iter()
        .position(|byte| !same(*byte))
        .map_or(bytes.len(), |after| at + after);
    Some(start..end)
}

fn keyword_or_operator(site: Site<'_>, token: &str, found: &mut Vec<Selector>) {
    let node = site.node;
    match node.kind() {
        Kind::ListComprehension => found.push(Selector::Comprehension(Comprehension::List)),
        Kind::SetComprehension => found.push(Selector::Comprehension(Comprehension::Set)),
        Kind::DictComprehension => found.push(Selector::Comprehension(Comprehension::Dict)),
        Kind::GeneratorExpression => found.push(Selector::Comprehension(Comprehension::Generator)),
        _ => {}
    }
    let whole = match (node.kind(), node.op()) {
        (Kind::Comparison, Op::IsNot) => "is not",
        (Kind::Comparison, Op::NotIn) => "not in",
        (Kind::Yield, Op::From) => "yield from",
        _ => token,
    };
    if OPERATORS.contains(&whole) {
        found.push(Selector::Operator(whole.to_string()));
    }
    for word in [whole, token] {
        if KEYWORDS.contains(&word) && !found.contains(&Selector::Keyword(word.to_string())) {
            found.push(Selector::Keyword(word.to_string()));
        }
    }
    literal(node, found);
}

fn literal(node: Node<'_>, found: &mut Vec<Selector>) {
    let word = match node.kind() {
        Kind::String => {
            let prefix: String = node
                .text()
                .chars()
                .take_while(char::is_ascii_alphabetic)
                .collect();
            match prefix.to_ascii_lowercase().as_str() {
                prefix if prefix.contains('f') => "f-string",
                prefix if prefix.contains('t') => "t-string",
                prefix if prefix.contains('b') => "bytes",
                _ => "string",
            }
        }
        Kind::Integer => "integer",
        Kind::Float => "float",
        Kind::Ellipsis => "ellipsis",
        Kind::List => "list",
        Kind::Dict => "dict",
        Kind::Set => "set",
        Kind::Tuple => "tuple",
        Kind::Slice => "slice",
        _ => return,
    };
    debug_assert!(LITERALS.contains(&word));
    found.push(Selector::Literal(word.to_string()));
}

/// What an identifier is: where it stands, then what it means.
fn name<'p>(project: &'p Project, site: Site<'p>, found: &mut Vec<Selector>) {
    let Some(parent) = site.node.parent() else {
        return;
    };
    match (parent.kind(), site.node.field()) {
        (Kind::FunctionDef, Field::Name) => return function(project, site.with(parent), found),
        (Kind::ClassDef, Field::Name) => return class(project, site.with(parent), found),
        (Kind::KeywordArgument, Field::Name) => return class_keyword(site, parent, found),
        _ => {}
    }
    parameter(site, found);
    // the attribute `c` of `a.b.c` stands for the whole
    let whole = match (parent.kind(), site.node.field()) {
        (Kind::Attribute, Field::Attribute) => site.with(parent),
        _ => site,
    };
    dunder_assignment(whole, site.text(), found);
    if let Some(keyword) = value_of_class_keyword(whole.node) {
        found.push(Selector::ClassKeyword(keyword.to_string()));
    }
    meaning(project, whole, site.text(), found);
}

/// A qualified name as selectors spell it: built-in names without their module.
fn spelled(name: &str) -> &str {
    name.strip_prefix("builtins.").unwrap_or(name)
}

fn meaning<'p>(project: &'p Project, whole: Site<'p>, text: &str, found: &mut Vec<Selector>) {
    let value = project.evaluate(whole);
    let called = whole.node.field() == Field::Function;
    let qualified = project.qualified_value(&value);
    if let Some(name) = qualified.as_deref().map(spelled) {
        let decorated = whole
            .node
            .ancestors()
            .take(2)
            .any(|node| node.kind() == Kind::Decorator);
        if decorated {
            found.push(Selector::Decorator(name.to_string()));
        }
        if called || decorated {
            found.push(Selector::Call(name.to_string()));
        }
        found.push(Selector::Name(name.to_string()));
    }
    if called && whole.node.kind() == Kind::Attribute && is_method_of_unknown(&value) {
        found.push(Selector::Method(text.to_string()));
    }
    match value {
        Value::Class(known) => class_meaning(project, known, found),
        Value::Instance(ClassValue::Known(known)) => class_meaning(project, known, found),
        _ => {}
    }
}

/// Whether a called attribute may be a built-in type's method: its receiver is one, or cannot be known.
fn is_method_of_unknown(value: &Value<'_>) -> bool {
    match value {
        Value::Unknown => true,
        Value::External(name) => name.contains("()."),
        _ => false,
    }
}

fn class_keyword(site: Site<'_>, argument: Node<'_>, found: &mut Vec<Selector>) {
    let in_class = argument
        .parent()
        .is_some_and(|list| list.field() == Field::Superclasses);
    if in_class {
        found.push(Selector::ClassKeyword(site.text().to_string()));
    }
}

fn value_of_class_keyword(node: Node<'_>) -> Option<&str> {
    let argument = node
        .parent()
        .filter(|parent| parent.kind() == Kind::KeywordArgument)?;
    let list = argument.parent()?;
    (list.field() == Field::Superclasses).then(|| argument.child(Field::Name).map(Node::text))?
}

fn is_dunder(name: &str) -> bool {
    name.len() > 4 && name.starts_with("__") && name.ends_with("__")
}

/// `__slots__ = …` in a class body, `self.__class__ = …`.
fn dunder_assignment(whole: Site<'_>, text: &str, found: &mut Vec<Selector>) {
    if is_dunder(text) && whole.node.field() == Field::Left {
        found.push(Selector::Dunder(text.to_string()));
    }
}

fn function<'p>(project: &'p Project, definition: Site<'p>, found: &mut Vec<Selector>) {
    let Some(function) = Function::at(definition) else {
        return;
    };
    if is_dunder(function.name()) {
        found.push(Selector::Dunder(function.name().to_string()));
    }
    let shapes = shapes::of_function(project, function);
    found.extend(shapes.into_iter().map(Selector::Shape));
    if let Some(name) = project.qualified_value(&Value::Function(function)) {
        found.push(Selector::Name(name.to_string()));
    }
}

fn class<'p>(project: &'p Project, definition: Site<'p>, found: &mut Vec<Selector>) {
    if let Some(class) = Class::at(definition) {
        class_meaning(project, class, found);
    }
}

fn class_meaning<'p>(project: &'p Project, class: Class<'p>, found: &mut Vec<Selector>) {
    let shapes = shapes::of_class(project, class);
    found.extend(shapes.into_iter().map(Selector::Shape));
    for base in project.mro(class).classes.iter().skip(1) {
        let name = project.qualified_class(base);
        found.push(Selector::Base(spelled(&name).to_string()));
    }
    if class.keyword("metaclass").is_some() {
        found.push(Selector::ClassKeyword("metaclass".to_string()));
    }
}

/// The shape of the parameter whose name stands here.
fn parameter(site: Site<'_>, found: &mut Vec<Selector>) {
    let binds = |binding: &&crate::facts::Binding| {
        binding.name == site.node.id() && binding.kind == BindingKind::Parameter
    };
    if !site.body().bindings.iter().any(|binding| binds(&binding)) {
        return;
    }
    let definition = site
        .node
        .ancestors()
        .find(|node| matches!(node.kind(), Kind::FunctionDef | Kind::Lambda));
    let Some(function) = definition.and_then(|node| Function::at(site.with(node))) else {
        return;
    };
    let Some(parameter) = function
        .parameters()
        .find(|parameter| parameter.name == site)
    else {
        return;
    };
    let mutable = |kind| {
        matches!(
            kind,
            Kind::List
                | Kind::Dict
                | Kind::Set
                | Kind::ListComprehension
                | Kind::DictComprehension
                | Kind::SetComprehension
        )
    };
    if parameter
        .default
        .is_some_and(|default| mutable(default.node.kind()))
    {
        found.push(Selector::Parameter(ParameterShape::MutableDefault));
    }
    found.extend(match parameter.kind {
        ParameterKind::Star | ParameterKind::DoubleStar => {
            Some(Selector::Parameter(ParameterShape::StarArgs))
        }
        ParameterKind::KeywordOnly => Some(Selector::Parameter(ParameterShape::KeywordOnly)),
        ParameterKind::PositionalOnly => Some(Selector::Parameter(ParameterShape::PositionalOnly)),
        ParameterKind::Positional => None,
    });
}
