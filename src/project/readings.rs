//! Where the object is read that a name or an attribute is bound to.

use rustc_hash::{FxHashMap, FxHashSet};

use super::flow::{REBINDINGS, is_for_filled, reaching, reaching_if};
use super::{Bound, Class, ClassValue, Function, Parameter, Project, Value, is_container_name};
use crate::facts::{
    BindingKind, BindingSite, ClassAttribute, FileFacts, Resolution, SegmentFacts, Site,
};
use crate::syntax::{Field, Kind, Node, NodeId};

impl Project {
    /// Where the object that a parameter is bound to at first is read; `empty` as in `Followed`.
    pub fn readings<'p>(&'p self, parameter: Parameter<'p>, empty: bool) -> Vec<Site<'p>> {
        readings(parameter.name, empty)
    }

    /// Where the object that a name is bound to at one place is read, in its scope and in those inside.
    pub fn readings_of<'p>(&'p self, bound: Site<'p>) -> Vec<Site<'p>> {
        readings(bound, false)
    }

    /// Whether a function binds a parameter's name anew on every way to its end.
    pub fn is_rebound(&self, function: Function<'_>, parameter: Parameter<'_>) -> bool {
        let name = parameter.name;
        let Some(body) = function.body() else {
            return false;
        };
        let Resolution::Local(bindings) = body.resolve_from(function.scope(), name.text()) else {
            return false;
        };
        !reaching(&bindings, None)
            .iter()
            .any(|binding| binding.name == name)
    }

    /// Whether objects of a class of the project are lists, dicts, sets or their like.
    pub fn is_container(&self, class: Class<'_>) -> bool {
        self.mro(class)
            .classes
            .iter()
            .any(|class| matches!(class, ClassValue::External(name) if is_container_name(name)))
    }

    /// Whether a class of the project, or one of its bases there, binds a name in its body.
    pub fn defines_somewhere(&self, class: Class<'_>, name: &str) -> bool {
        self.mro(class)
            .classes
            .iter()
            .any(|class| matches!(class, ClassValue::Known(class) if class.defines(name)))
    }

    /// The expressions `self.name` in the methods of a class, of its bases and of its subclasses.
    pub fn readings_of_attribute<'p>(&'p self, class: Class<'p>, name: &str) -> Vec<Site<'p>> {
        let mut found = Vec::new();
        for class in self.family(class) {
            found.extend(self.own_readings(class, name));
        }
        found
    }

    /// The project's classes among a class's bases, itself, and everything that derives from it.
    pub fn family<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        let mut family: Vec<Class<'p>> = self.descendants(class);
        family.extend(
            self.mro(class)
                .classes
                .iter()
                .filter_map(|class| match class {
                    ClassValue::Known(class) => Some(*class),
                    ClassValue::External(_) => None,
                }),
        );
        let mut seen = FxHashSet::default();
        family.retain(|class| seen.insert(key(class.site)));
        family
    }

    /// The expressions `self.name` in a class's own methods, under whatever name the object goes there.
    pub(super) fn own_readings<'p>(&'p self, class: Class<'p>, name: &str) -> Vec<Site<'p>> {
        self.own_readings_in(class, name, |facts| facts.mentions_attribute(name))
    }

    /// The expressions `self.attribute` in those of a class's methods that, by words, may change it.
    pub fn changing_readings<'p>(
        &'p self,
        class: Class<'p>,
        attribute: &ClassAttribute<'_>,
    ) -> Vec<Site<'p>> {
        self.own_readings_in(class, attribute.name, attribute.may_change_in())
    }

    fn own_readings_in<'p>(
        &'p self,
        class: Class<'p>,
        name: &str,
        is_asked: impl Fn(&SegmentFacts) -> bool,
    ) -> Vec<Site<'p>> {
        let mut found = Vec::new();
        for part in class.site.class_parts_with(name, is_asked) {
            let attributes = part.body().named_in(part.node, name).filter_map(|node| {
                let name = part.at(node);
                let attribute = name.node.parent().filter(|parent| {
                    parent.kind() == Kind::Attribute && name.node.field() == Field::Attribute
                })?;
                part.node.contains(attribute).then(|| part.with(attribute))
            });
            found.extend(attributes.filter(|attribute| {
                attribute
                    .child(Field::Object)
                    .is_some_and(|object| self.is_own_object(class, object))
            }));
        }
        found
    }

    /// Whether an expression is the first parameter of an instance method of a class.
    pub fn is_own_object<'p>(&'p self, class: Class<'p>, object: Site<'p>) -> bool {
        if object.node.kind() != Kind::Name {
            return false;
        }
        let Resolution::Local(bindings) = object.resolve() else {
            return false;
        };
        bindings.iter().any(|binding| {
            binding.binding.kind == BindingKind::Parameter
                && Function::of_parameter(binding.name).is_some_and(|method| {
                    method.class() == Some(class)
                        && method
                            .parameters()
                            .next()
                            .is_some_and(|first| first.name == binding.name)
                        && method.binding(self) == Bound::Instance
                })
        })
    }

    /// For a name, the one binding of it that reaches its place; none where several do, or none.
    pub fn only_binding<'p>(&self, name: Site<'p>) -> Option<BindingSite<'p>> {
        if name.node.kind() != Kind::Name {
            return None;
        }
        let (Resolution::Local(bindings) | Resolution::Module(bindings)) = name.resolve() else {
            return None;
        };
        match reaching_if(&bindings, Some(name), false)[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Where the object is read that a name's node binds: in its function, or over all files.
    pub fn readings_of_name<'p>(&'p self, name: Site<'p>) -> Vec<Site<'p>> {
        match name.resolve() {
            Resolution::Module(_) => self.readings_of_module_name(name),
            _ => readings(name, false),
        }
    }

    /// The expressions, over all files, that read a name that a module binds.
    pub fn readings_of_module_name<'p>(&'p self, name: Site<'p>) -> Vec<Site<'p>> {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut todo = vec![name];
        while let Some(name) = todo.pop() {
            if !seen.insert(key(name)) {
                continue;
            }
            let text = name.text();
            // nobody tells which of them is read
            if name.file.module_bindings(text).len() > REBINDINGS {
                continue;
            }
            for (file, segment) in self.mentions(text) {
                let root = file.root(segment);
                for node in root.body().named(text) {
                    let site = root.at(node);
                    if std::ptr::eq(file, name.file) && is_expression(site.node) {
                        if let Resolution::Module(bindings) = site.resolve()
                            && reaching_if(&bindings, Some(site), false)
                                .iter()
                                .any(|binding| binding.name == name)
                        {
                            found.push(site);
                        }
                    } else if let Some(alias) = self.import_of(site, name.file) {
                        todo.push(alias);
                    } else if self.is_member_of(site, name.file)
                        && let Some(attribute) = site.node.parent()
                    {
                        found.push(site.with(attribute));
                    }
                }
            }
        }
        found
    }

    /// Where `site` is the imported name in `from module import site as alias`: the name that is bound.
    fn import_of<'p>(&'p self, site: Site<'p>, module: &'p FileFacts) -> Option<Site<'p>> {
        let dotted = site
            .node
            .parent()
            .filter(|parent| parent.kind() == Kind::DottedName)?;
        let mut statement = dotted.parent()?;
        let mut bound = site;
        if statement.kind() == Kind::AliasedImport {
            bound = site.with(statement.child(Field::Alias)?);
            statement = statement.parent()?;
        }
        if statement.kind() != Kind::ImportFrom || dotted.field() != Field::Name {
            return None;
        }
        let from = self.module_of_import(site.with(statement))?;
        let from = self.module(&from, site.file)?;
        std::ptr::eq(from, module).then_some(bound)
    }

    /// Whether `site` is the attribute's name in `module.site`.
    fn is_member_of<'p>(&'p self, site: Site<'p>, module: &'p FileFacts) -> bool {
        let attribute = site.node.parent().filter(|parent| {
            parent.kind() == Kind::Attribute && site.node.field() == Field::Attribute
        });
        attribute
            .and_then(|attribute| attribute.child(Field::Object))
            .is_some_and(|object| {
                matches!(self.evaluate(site.with(object)), Value::Module(file) if std::ptr::eq(file, module))
            })
    }
}

/// Where the object that a name's node binds is read, in the scope of that name and in those inside.
pub(super) fn readings<'p>(name: Site<'p>, empty: bool) -> Vec<Site<'p>> {
    let mut known: FxHashMap<usize, Vec<BindingSite<'p>>> = FxHashMap::default();
    let reads = |site: &Site<'p>| {
        if !is_expression(site.node) {
            return false;
        }
        let bindings = known
            .entry(site.scope())
            .or_insert_with(|| match site.resolve() {
                Resolution::Local(bindings) | Resolution::Module(bindings) => bindings,
                Resolution::Free => Vec::new(),
            });
        bindings.len() <= REBINDINGS
            && !(empty && is_for_filled(*site, name.text()))
            && reaching_if(bindings, Some(*site), empty)
                .iter()
                .any(|reached| reached.name == name)
    };
    let reach = name.at(name.body().reach_of(name.node)).node;
    let named = name.body().named_in(reach, name.text());
    named.map(|node| name.at(node)).filter(reads).collect()
}

/// A node by numbers that tell it from every other.
fn key(site: Site<'_>) -> (usize, usize, NodeId) {
    let file: *const FileFacts = site.file;
    (file.addr(), site.segment, site.node.id())
}

/// Whether a name's node is read: not bound, not a keyword's or an attribute's name.
pub(super) fn is_expression(node: Node<'_>) -> bool {
    let Some(parent) = node.parent() else {
        return true;
    };
    !matches!(
        (parent.kind(), node.field()),
        (Kind::Attribute, Field::Attribute)
            | (Kind::KeywordArgument, Field::Name)
            | (
                Kind::Assignment | Kind::For | Kind::ForInClause,
                Field::Left
            )
            | (
                Kind::FunctionDef | Kind::ClassDef | Kind::NamedExpression,
                Field::Name
            )
            | (
                Kind::Global | Kind::Nonlocal | Kind::Parameters | Kind::Delete,
                _
            )
    )
}

/// The target that a name, a subscript or an attribute is part of, if it is part of any: itself, or the tuple or list around it.
pub fn whole_target(node: Node<'_>) -> Node<'_> {
    let is_around = |node: &Node<'_>| {
        matches!(
            node.kind(),
            Kind::Tuple
                | Kind::List
                | Kind::PatternList
                | Kind::SplatPattern
                | Kind::Parenthesized
                | Kind::ExpressionList
        )
    };
    node.ancestors()
        .take_while(is_around)
        .last()
        .unwrap_or(node)
}

/// Whether a subscript or an attribute is assigned to or deleted.
pub(super) fn stores_or_deletes(node: Node<'_>) -> bool {
    let target = whole_target(node);
    target.parent().is_some_and(|parent| match parent.kind() {
        Kind::Assignment | Kind::AugmentedAssignment | Kind::For => target.field() == Field::Left,
        kind => kind == Kind::Delete,
    })
}
