//! What the items of a collection are, where all that is put into it is in sight.

use super::readings::stores_or_deletes;
use super::{ClassValue, Project, Value};
use crate::facts::{MUTATING_METHODS, Resolution, Site};
use crate::syntax::{Field, Kind, Node};

/// How many items of a display are looked at.
const ITEMS: usize = 32;

/// Methods that put nothing new into a list.
const NOTHING_NEW: &[&str] = &["clear", "pop", "remove", "reverse", "sort"];

/// What gives a tuple in each turn of a loop.
const PAIRING: &[&str] = &[
    "builtins.dict().items",
    "builtins.enumerate",
    "builtins.zip",
    "collections.Counter().items",
    "collections.OrderedDict().items",
    "collections.defaultdict().items",
];

impl Project {
    /// What `for name in collection` binds, where all items denote the same.
    pub(super) fn value_of_item<'p>(&'p self, collection: Site<'p>, depth: usize) -> Value<'p> {
        if let Some(callee) = collection.child(Field::Function)
            && let Value::External(name) = self.value(callee, depth + 1)
        {
            match name.as_ref() {
                "builtins.range" => return Value::builtin("int"),
                name if PAIRING.contains(&name) => return Value::builtin("tuple"),
                _ => {}
            }
        }
        let Some(items) = self.items_within(collection, depth + 4) else {
            return Value::Unknown;
        };
        let mut agreed = Value::Unknown;
        for (index, item) in items.into_iter().enumerate() {
            let value = self.value(item, depth + 4);
            if index == 0 {
                agreed = value;
            } else if agreed != value {
                return Value::Unknown;
            }
        }
        agreed
    }

    /// The expressions whose objects are put into a collection: those of a display or a comprehension, also under a name or as an attribute of `self`, and those that are
    /// appended to it. None where something else may be in it.
    pub(super) fn items_within<'p>(
        &'p self,
        collection: Site<'p>,
        depth: usize,
    ) -> Option<Vec<Site<'p>>> {
        let made = self.made_as(collection, depth)?;
        let mut items = displayed(made)?;
        let named = collection.with(collection.node.unparenthesized());
        let readings = match named.node.kind() {
            Kind::Name => same_names(named)?,
            Kind::Attribute => self.same_attributes(named, depth)?,
            _ => return Some(items),
        };
        for reading in readings {
            match change(reading) {
                Change::None => {}
                Change::Puts(item) => items.push(item),
                Change::Unknown => return None,
            }
        }
        (items.len() <= ITEMS).then_some(items)
    }

    /// Where the attribute of `self.name` is read by the methods of its class and of the bases.
    fn same_attributes<'p>(&'p self, attribute: Site<'p>, depth: usize) -> Option<Vec<Site<'p>>> {
        let name = attribute.node.child(Field::Attribute)?.text();
        let Value::Instance(ClassValue::Known(class)) =
            self.value(attribute.child(Field::Object)?, depth)
        else {
            return None;
        };
        let classes = self.known_mro(class).into_iter();
        Some(
            classes
                .flat_map(|class| self.own_readings(class, name))
                .collect(),
        )
    }

    /// The display or comprehension that an expression stands for.
    fn made_as<'p>(&'p self, collection: Site<'p>, depth: usize) -> Option<Site<'p>> {
        let site = self.origin(collection)?;
        if site.node.kind() != Kind::Attribute {
            return Some(site);
        }
        self.assigned_once(site, depth)
    }
}

/// The expressions that are written like a name and stand where the name's collection may be changed.
fn same_names(name: Site<'_>) -> Option<Vec<Site<'_>>> {
    let file = name.file;
    let segments: Vec<usize> = match name.resolve() {
        Resolution::Local(_) => vec![name.segment],
        Resolution::Module(_) => file.segments_with(name.text()),
        Resolution::Free => return None,
    };
    let changed = segments.into_iter().flat_map(|segment| {
        let root = file.root(segment);
        root.body()
            .mutations
            .iter()
            .map(move |mutation| root.at(mutation.target))
    });
    Some(
        changed
            .filter(|target| target.text() == name.text())
            .collect(),
    )
}

/// What becomes of a collection where it is read.
enum Change<'p> {
    None,
    Puts(Site<'p>),
    Unknown,
}

fn change(reading: Site<'_>) -> Change<'_> {
    let Some(parent) = reading.node.parent() else {
        return Change::None;
    };
    match (parent.kind(), reading.node.field()) {
        (Kind::AugmentedAssignment, Field::Left) => Change::Unknown,
        (Kind::Subscript, Field::Value) if stores_or_deletes(parent) => Change::Unknown,
        (Kind::Attribute, Field::Object) => {
            let method = parent.child(Field::Attribute).map_or("", Node::text);
            let call = parent.parent().filter(|call| call.kind() == Kind::Call);
            match (method, call) {
                ("append" | "add", Some(call)) => {
                    only_argument(reading.with(call)).map_or(Change::Unknown, Change::Puts)
                }
                _ if MUTATING_METHODS.contains(&method) && !NOTHING_NEW.contains(&method) => {
                    Change::Unknown
                }
                _ => Change::None,
            }
        }
        _ => Change::None,
    }
}

/// The only argument of a call.
fn only_argument(call: Site<'_>) -> Option<Site<'_>> {
    let mut arguments = call.node.child(Field::Arguments)?.children();
    let only = arguments.next()?;
    arguments.next().is_none().then(|| call.with(only))
}

/// The items of a display, or what a comprehension makes.
fn displayed(site: Site<'_>) -> Option<Vec<Site<'_>>> {
    match site.node.kind() {
        Kind::List | Kind::Tuple | Kind::Set | Kind::ExpressionList => {
            let is_plain = |item: &Node<'_>| item.kind() != Kind::ListSplat;
            let items: Vec<Node<'_>> = site.node.children().take(ITEMS + 1).collect();
            (items.len() <= ITEMS && items.iter().all(is_plain))
                .then(|| items.into_iter().map(|item| site.with(item)).collect())
        }
        Kind::ListComprehension | Kind::SetComprehension | Kind::GeneratorExpression => {
            Some(vec![site.child(Field::Body)?])
        }
        _ => None,
    }
}
