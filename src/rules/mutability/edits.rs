//! The edits that the fixes of these rules make.

use std::ops::Range;

use super::{Movable, movable};
use crate::facts::{FileFacts, Site};
use crate::project::{Class, ClassField, ClassValue, FieldMaker, Function, Parameter, Value};
use crate::rules::{Context, Finding};
use crate::syntax::{Field, Kind, Node, contains_word};

type Edits = Vec<(Range<usize>, String)>;

/// `None` for a default, and the default made in the body. `is_only_read`: nothing that runs today can notice.
pub(super) fn none_for_default<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
    is_only_read: bool,
    finding: &mut Finding,
) {
    none_and_made(
        cx,
        function,
        parameter,
        default,
        default.text(),
        is_only_read,
        finding,
    );
}

/// The same for a default that is a name: the body makes a copy of the object.
pub(super) fn none_and_copied<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
    finding: &mut Finding,
) {
    let copy = format!("{}.copy()", default.text());
    none_and_made(cx, function, parameter, default, &copy, false, finding);
}

fn none_and_made<'p>(
    cx: &Context<'p>,
    function: Function<'p>,
    parameter: Parameter<'p>,
    default: Site<'p>,
    made: &str,
    is_only_read: bool,
    finding: &mut Finding,
) {
    let name = parameter.name.text();
    let movable = movable(cx.project, default);
    if function.site.node.kind() == Kind::Lambda || movable == Movable::Nowhere {
        return;
    }
    let Some(insertion) = at_start(
        function,
        |indent, inner, newline| {
            format!("if {name} is None:{newline}{inner}{name} = {made}{newline}{indent}")
        },
        &format!("{name} = {made} if {name} is None else {name}"),
    ) else {
        return;
    };
    let mut edits = vec![(default.range(), "None".to_string()), insertion];
    if let Some(annotation) = parameter.annotation {
        edits.extend(optional(cx, annotation));
    }
    edits.sort_by_key(|(range, _)| range.start);
    // who is given None today and looks for it would no longer see it
    let looks_for_none = function.body().is_some_and(|body| {
        body.node.descendants().any(|node| {
            node.kind() == Kind::Comparison
                && node.text().contains("None")
                && node.children().any(|side| side.text() == name)
        })
    });
    let safe = is_only_read && movable == Movable::Anywhere && !looks_for_none;
    finding.fix(
        format!("Use `None`, and make `{name}` in the body"),
        safe,
        edits,
    );
}

/// The edit that puts something at the start of a function's body, after the docstring. `block` is given the indentation of the body, of a block inside it, and the line
/// end; `line` is for a body on the header's line.
fn at_start(
    function: Function<'_>,
    block: impl Fn(&str, &str, &str) -> String,
    line: &str,
) -> Option<(Range<usize>, String)> {
    let body = function.body()?;
    let file = function.site.file;
    let newline = newline(file);
    let mut statements = body.node.children();
    let first = statements.next()?;
    let indent = match indentation(file, body.with(first).range().start) {
        Some(indent) => indent,
        None => {
            let start = body.with(first).range().start;
            return Some((start..start, format!("{line}; ")));
        }
    };
    let inner = format!("{indent}{}", unit(function, &indent));
    let text = block(&indent, &inner, newline);
    if !is_docstring(first) {
        let start = body.with(first).range().start;
        return Some((start..start, text));
    }
    match statements.next() {
        Some(second) if indentation(file, body.with(second).range().start).is_some() => {
            let start = body.with(second).range().start;
            Some((start..start, text))
        }
        // after a docstring that is all there is: the new line comes first, not last
        None => {
            let end = body.with(first).range().end;
            let text = text.trim_end_matches([' ', '\t', '\r', '\n']);
            Some((end..end, format!("{newline}{indent}{text}")))
        }
        Some(_) => None,
    }
}

fn is_docstring(statement: Node<'_>) -> bool {
    statement.kind() == Kind::ExpressionStatement
        && statement
            .children()
            .next()
            .is_some_and(|inner| matches!(inner.kind(), Kind::String | Kind::ConcatenatedString))
}

/// The blanks before a byte, if there is nothing else before it in its line.
fn indentation(file: &FileFacts, at: usize) -> Option<String> {
    let before = file.source().get(..at)?;
    let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let blank = &before[start..];
    blank
        .bytes()
        .all(|byte| matches!(byte, b' ' | b'\t'))
        .then(|| blank.to_string())
}

/// What a function's body is indented by.
pub(super) fn unit(function: Function<'_>, indent: &str) -> String {
    let outer = indentation(function.site.file, function.site.range().start).unwrap_or_default();
    match indent.strip_prefix(outer.as_str()) {
        Some(unit) if !unit.is_empty() => unit.to_string(),
        _ => "    ".to_string(),
    }
}

/// The file's line end.
pub(super) fn newline(file: &FileFacts) -> &'static str {
    match file.source().find(['\n', '\r']) {
        Some(at) if file.source()[at..].starts_with("\r\n") => "\r\n",
        Some(at) if file.source()[at..].starts_with('\r') => "\r",
        _ => "\n",
    }
}

/// The edit that lets an annotation allow `None`, if it does not.
fn optional<'p>(cx: &Context<'p>, annotation: Site<'p>) -> Edits {
    let known = cx.project.annotation(annotation);
    let allows_all = known
        .classes
        .iter()
        .any(|class| matches!(class.as_deref(), Some("typing.Any" | "builtins.object")));
    if known.optional || allows_all {
        return Edits::new();
    }
    let range = annotation.range();
    let inner = annotation.node.children().next();
    let is_text = inner.is_some_and(|inner| inner.kind() == Kind::String);
    let text = annotation.text();
    if is_text && text.ends_with(['"', '\'']) {
        let quote = if text.ends_with("\"\"\"") || text.ends_with("'''") {
            3
        } else {
            1
        };
        let at = range.end - quote;
        return vec![(at..at, " | None".to_string())];
    }
    if cx.options.python >= (3, 10) || has_future_annotations(cx.file) {
        return vec![(range.end..range.end, " | None".to_string())];
    }
    match bound_import(cx, "typing", "Optional") {
        Some(name) => vec![
            (range.start..range.start, format!("{name}[")),
            (range.end..range.end, "]".to_string()),
        ],
        None => Edits::new(),
    }
}

fn has_future_annotations(file: &FileFacts) -> bool {
    file.source().contains("from __future__ import annotations")
}

/// The expression under which the file's module scope knows `module.name`, from an import that is there.
fn bound_import(cx: &Context<'_>, module: &str, name: &str) -> Option<String> {
    let qualified = format!("{module}.{name}");
    for statement in imports(cx.file) {
        for child in statement
            .node
            .children()
            .filter(|child| child.field() == Field::Name)
        {
            let bound = child.child(Field::Alias).unwrap_or(child);
            let bound = if bound.kind() == Kind::DottedName && statement.node.kind() == Kind::Import
            {
                bound.children().next().unwrap_or(bound)
            } else {
                bound.descendants().next().unwrap_or(bound)
            };
            let site = statement.with(bound);
            let bindings = cx.file.module_bindings(site.text());
            if bindings.len() != 1 {
                continue;
            }
            match cx.project.value_of_module_name(cx.file, site.text()) {
                Value::External(known) if *known == *qualified => return Some(site.text().into()),
                Value::External(known) if *known == *module => {
                    return Some(format!("{}.{name}", site.text()));
                }
                _ => {}
            }
        }
    }
    None
}

/// The import statements of a file's module scope, in source order.
fn imports(file: &FileFacts) -> impl Iterator<Item = Site<'_>> {
    (0..file.len())
        .filter(|&segment| {
            matches!(
                file.segment(segment).outline(),
                crate::syntax::Outline::Import
            )
        })
        .flat_map(|segment| {
            let root = file.root(segment);
            root.node
                .children()
                .filter(|node| matches!(node.kind(), Kind::Import | Kind::ImportFrom))
                .map(move |node| root.with(node))
        })
}

/// The expression for `module.name` in a file, and the edit that imports it where it is not known yet.
pub(super) fn imported(cx: &Context<'_>, module: &str, name: &str) -> Option<(String, Edits)> {
    if let Some(known) = bound_import(cx, module, name) {
        return Some((known, Edits::new()));
    }
    if !cx.file.module_bindings(name).is_empty() {
        return None;
    }
    let newline = newline(cx.file);
    let mut last = None;
    for statement in imports(cx.file) {
        if statement.node.kind() == Kind::ImportFrom
            && cx.project.module_of_import(statement).as_deref() == Some(module)
            && statement.node.child_of(Kind::WildcardImport).is_none()
        {
            let last_name = statement
                .node
                .children()
                .filter(|child| child.field() == Field::Name)
                .last()?;
            let end = statement.with(last_name).range().end;
            return Some((name.to_string(), vec![(end..end, format!(", {name}"))]));
        }
        last = Some(statement);
    }
    let end = last?.range().end;
    let edit = (end..end, format!("{newline}from {module} import {name}"));
    Some((name.to_string(), vec![edit]))
}

/// A comprehension in place of a repetition, which makes a new element in each turn.
pub(super) fn comprehension<'p>(
    cx: &Context<'p>,
    product: Site<'p>,
    element: Site<'p>,
    count: Site<'p>,
    class: &ClassValue<'p>,
    finding: &mut Finding,
) {
    let Some(display) = element.node.parent() else {
        return;
    };
    if display.children().count() != 1
        || movable(cx.project, element) == Movable::Nowhere
        || movable(cx.project, count) == Movable::Nowhere
    {
        return;
    }
    let fresh = match (element.node.unparenthesized().kind(), class) {
        (Kind::Name, ClassValue::External(_)) => format!("{}.copy()", element.text()),
        (Kind::Name, ClassValue::Known(_)) => return,
        _ => element.text().to_string(),
    };
    let variable = if contains_word(product.text(), "_") {
        "_index"
    } else {
        "_"
    };
    let turns = format!("{fresh} for {variable} in range({})", count.text());
    let text = if display.kind() == Kind::Tuple {
        format!("tuple({turns})")
    } else {
        format!("[{turns}]")
    };
    finding.fix(
        "Make a new element for each place",
        false,
        vec![(product.range(), text)],
    );
}

/// A factory in place of a field's default. `raises`: the class statement fails as it is.
pub(super) fn factory<'p>(
    cx: &Context<'p>,
    maker: FieldMaker,
    field: ClassField<'p>,
    raises: bool,
    finding: &mut Finding,
) {
    let Some(made) = factory_of(cx, field.default) else {
        return;
    };
    let keyword = match maker {
        FieldMaker::Dataclass => "default_factory",
        FieldMaker::Attrs { .. } => "factory",
        FieldMaker::NamedTuple => return,
    };
    let text = format!("{keyword}={made}");
    let mut edits = Edits::new();
    if field.call.is_some() {
        let argument = field
            .default
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::KeywordArgument)
            .unwrap_or(field.default.node);
        edits.push((field.default.with(argument).range(), text));
    } else {
        let found = match maker {
            FieldMaker::Dataclass => imported(cx, "dataclasses", "field"),
            _ => bound_import(cx, "attrs", "field")
                .or_else(|| bound_import(cx, "attr", "ib"))
                .map(|known| (known, Edits::new()))
                .or_else(|| imported(cx, "attrs", "field")),
        };
        let Some((function, import)) = found else {
            return;
        };
        edits.extend(import);
        edits.push((field.value.range(), format!("{function}({text})")));
    }
    finding.fix(
        format!("Make `{}` anew for each instance", field.name.text()),
        raises,
        edits,
    );
}

/// What makes an equal object whenever it is called: the constructor, or a lambda.
fn factory_of<'p>(cx: &Context<'p>, default: Site<'p>) -> Option<String> {
    let site = default.with(default.node.unparenthesized());
    let node = site.node;
    match node.kind() {
        Kind::List if node.children().next().is_none() => Some("list".into()),
        Kind::Dict if node.children().next().is_none() => Some("dict".into()),
        Kind::Call
            if node
                .child(Field::Arguments)
                .is_some_and(|arguments| arguments.children().next().is_none()) =>
        {
            Some(node.child(Field::Function)?.text().into())
        }
        Kind::Name => match cx.project.evaluate(site) {
            Value::Instance(ClassValue::External(_)) => Some(format!("{}.copy", node.text())),
            _ => None,
        },
        _ if movable(cx.project, site) == Movable::Nowhere => None,
        _ => Some(format!("lambda: {}", node.text())),
    }
}

/// An attribute's definition in a class body.
#[derive(Clone, Copy)]
pub(super) struct Definition<'p> {
    pub name: Site<'p>,
    pub value: Site<'p>,
    pub statement: Site<'p>,
}

/// The attribute bound in `__init__` instead of the class body.
pub(super) fn into_init<'p>(
    cx: &Context<'p>,
    class: Class<'p>,
    definition: Definition<'p>,
    finding: &mut Finding,
) {
    let statement = definition.statement;
    let assignment = statement.node.children().next();
    let is_simple = assignment.is_some_and(|assignment| {
        assignment.child(Field::Left) == Some(definition.name.node)
            && assignment.child(Field::Right) == Some(definition.value.node)
    });
    if !is_simple
        || class.site.decorators().next().is_some()
        || movable(cx.project, definition.value) == Movable::Nowhere
    {
        return;
    }
    let Some((removed, indent)) = whole_lines(statement) else {
        return;
    };
    let title = format!("Make `{}` in `__init__`", definition.name.text());
    let newline = newline(cx.file);
    if let Some(init) = class.method("__init__") {
        let Some(own) = init.first_parameter() else {
            return;
        };
        let line = format!("{own}.{}", statement.text());
        let block = |indent: &str, _: &str, newline: &str| format!("{line}{newline}{indent}");
        if let Some(insertion) = at_start(init, block, &line) {
            let mut edits = vec![(removed, String::new()), insertion];
            edits.sort_by_key(|(range, _)| range.start);
            finding.fix(title, false, edits);
        }
        return;
    }
    let outer = indentation(cx.file, class.site.range().start).unwrap_or_default();
    let unit = indent
        .strip_prefix(outer.as_str())
        .filter(|unit| !unit.is_empty());
    let inner = format!("{indent}{}", unit.unwrap_or("    "));
    let hands_on = !class.bases().all(|base| base.text() == "object");
    let mut text = if hands_on {
        format!(
            "{indent}def __init__(self, *args, **kwargs):{newline}{inner}super().__init__(*args, **kwargs){newline}"
        )
    } else {
        format!("{indent}def __init__(self):{newline}")
    };
    text.push_str(&format!("{inner}self.{}{newline}", statement.text()));
    // before the first method, or in place of the attribute where there is none
    let method = class
        .methods()
        .map(|method| decorated(method.site))
        .find(|method| std::ptr::eq(method.file, cx.file) && method.range().start >= removed.end);
    let edits = match method.map(|method| method.range().start - indent.len()) {
        Some(at) if indentation(cx.file, at + indent.len()).is_some() => vec![
            (removed, String::new()),
            (at..at, format!("{text}{newline}")),
        ],
        _ => vec![(removed, text)],
    };
    finding.fix(title, false, edits);
}

/// A definition with its decorators.
fn decorated(site: Site<'_>) -> Site<'_> {
    match site.node.parent() {
        Some(parent) if parent.kind() == Kind::Decorated => site.with(parent),
        _ => site,
    }
}

/// The lines of a statement that has them to itself, with the last line end; and its indentation.
fn whole_lines(statement: Site<'_>) -> Option<(Range<usize>, String)> {
    let source = statement.file.source();
    let range = statement.range();
    let indent = indentation(statement.file, range.start)?;
    let rest = source.get(range.end..)?;
    let line_end = rest.find('\n').map_or(rest.len(), |at| at + 1);
    let after = rest[..line_end].trim();
    if !(after.is_empty() || after.starts_with('#')) {
        return None;
    }
    Some((range.start - indent.len()..range.end + line_end, indent))
}
