//! Whether the methods of a class bind an attribute on its objects, and when.

use super::{Class, ClassValue, Function, Project, Value, whole_target};
use crate::facts::{BindingKind, Resolution, Site};
use crate::syntax::{Field, Kind, Node};

/// How many calls, and how many nested blocks, are followed.
const DEPTH: usize = 6;
const BLOCKS: usize = 40;

impl Project {
    /// The project's classes in a class's method resolution order, itself first.
    pub fn known_mro<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        let known = |class: &ClassValue<'p>| match class {
            ClassValue::Known(class) => Some(*class),
            ClassValue::External(_) => None,
        };
        self.mro(class).classes.iter().filter_map(known).collect()
    }

    /// Whether making an object of a class binds the attribute on it, on every way through its constructor.
    pub fn constructor_binds<'p>(&'p self, class: Class<'p>, name: &str) -> bool {
        ["__init__", "__post_init__"].iter().any(|constructor| {
            self.find_method(class, constructor)
                .is_some_and(|method| self.binds(class, method, name, 0))
        })
    }

    /// Whether a method has bound the attribute on its object when it comes to a place inside it.
    pub fn binds_before<'p>(
        &'p self,
        class: Class<'p>,
        method: Function<'p>,
        name: &str,
        at: Site<'p>,
    ) -> bool {
        let scan = Scan {
            project: self,
            class,
            method,
            name,
            depth: 0,
        };
        let mut node = at.node;
        while let Some(parent) = node.parent() {
            if parent == method.site.node {
                break;
            }
            if parent.kind() == Kind::Block
                && parent
                    .children()
                    .take_while(|statement| *statement != node)
                    .any(|statement| scan.statement_binds(at.with(statement), 0))
            {
                return true;
            }
            node = parent;
        }
        false
    }

    /// Whether some method other than the constructor, or anything that cannot be seen through, binds the attribute on objects of a class.
    pub fn may_bind_elsewhere<'p>(&'p self, class: Class<'p>, name: &str) -> bool {
        let init = self.find_method(class, "__init__");
        self.known_mro(class).into_iter().any(|own| {
            let words = [name, "__dict__", "setattr", "vars"];
            let methods = own.methods_naming(&words);
            methods
                .filter(|method| method.name() != "__init__" || Some(*method) == init)
                .any(|method| self.mentions_binding(method, name, Some(method) == init))
        })
    }

    /// Whether a method holds a statement that binds the attribute on something; in the constructor only what binds any name counts.
    fn mentions_binding<'p>(&'p self, method: Function<'p>, name: &str, constructor: bool) -> bool {
        let Some(body) = method.body() else {
            return false;
        };
        let text = body.text();
        if !text.contains(name)
            && !text.contains("__dict__")
            && !text.contains("setattr")
            && !text.contains("vars(")
        {
            return false;
        }
        body.node.descendants().any(|node| match node.kind() {
            Kind::Attribute => {
                let attribute = node.child(Field::Attribute).map_or("", Node::text);
                let is_target = is_assigned(node);
                (is_target && attribute == name && !constructor)
                    || (attribute == "__dict__" && sets_dict(node))
            }
            Kind::Call => match node.child(Field::Function).map(Node::text) {
                Some("setattr" | "object.__setattr__") => {
                    let second = node
                        .child(Field::Arguments)
                        .and_then(|arguments| arguments.children().nth(1));
                    second.is_none_or(|second| {
                        second.kind() != Kind::String
                            || (second.text().trim_matches(['"', '\'']) == name && !constructor)
                    })
                }
                Some("vars(self).update") => true,
                _ => false,
            },
            _ => false,
        })
    }

    fn binds<'p>(
        &'p self,
        class: Class<'p>,
        method: Function<'p>,
        name: &str,
        depth: usize,
    ) -> bool {
        if depth > DEPTH {
            return false;
        }
        let scan = Scan {
            project: self,
            class,
            method,
            name,
            depth,
        };
        method.body().is_some_and(|body| scan.block_binds(body, 0))
    }

    /// The objects of whose attribute of this name code of the project binds or changes what it holds.
    pub fn changes_of_attribute<'p>(&'p self, name: &str) -> impl Iterator<Item = Site<'p>> {
        let own = name.to_string();
        self.mentions(name)
            .into_iter()
            .flat_map(move |(file, segment)| {
                let root = file.root(segment);
                let objects: Vec<Site<'p>> = root
                    .body()
                    .mutations
                    .iter()
                    .filter_map(|mutation| {
                        let target = root.at(mutation.target);
                        // `C.name = …` is a change of `C`; `C.name.append(…)` and `C.name[k] = …` of `C.name`
                        let attribute =
                            std::iter::successors(Some(target.node), |node| match node.kind() {
                                Kind::Subscript => node.child(Field::Value),
                                _ => None,
                            })
                            .last()?;
                        let is_named = |node: Node<'_>| {
                            node.kind() == Kind::Attribute
                                && node
                                    .child(Field::Attribute)
                                    .is_some_and(|known| known.text() == own)
                        };
                        let around = target.node.parent().filter(|parent| is_named(*parent));
                        if is_named(attribute) {
                            target.with(attribute).child(Field::Object)
                        } else {
                            around.map(|_| target)
                        }
                    })
                    .collect();
                objects
            })
    }
}

/// Looks whether a method binds an attribute on its object.
struct Scan<'p, 'n> {
    project: &'p Project,
    /// The class of the object.
    class: Class<'p>,
    method: Function<'p>,
    name: &'n str,
    depth: usize,
}

impl<'p> Scan<'p, '_> {
    fn block_binds(&self, block: Site<'p>, nesting: usize) -> bool {
        for statement in block.node.children() {
            if self.statement_binds(block.with(statement), nesting) {
                return true;
            }
            if matches!(statement.kind(), Kind::Return | Kind::Raise) {
                return false;
            }
        }
        false
    }

    fn statement_binds(&self, statement: Site<'p>, nesting: usize) -> bool {
        if nesting > BLOCKS {
            return false;
        }
        let node = statement.node;
        let inner = |block: Node<'p>| self.block_binds(statement.with(block), nesting + 1);
        match node.kind() {
            Kind::If => {
                let Some(last) = node.child_of(Kind::ElseClause) else {
                    return false;
                };
                let branches = node.children().filter_map(|child| match child.kind() {
                    Kind::Block => Some(child),
                    Kind::ElifClause => child.child(Field::Consequence),
                    _ => None,
                });
                // what only leaves binds nothing for whoever called the method
                let mut binds = false;
                let all = branches.chain(last.child(Field::Body)).all(|branch| {
                    let own = inner(branch);
                    binds |= own;
                    own || super::flow::leaves(branch)
                });
                all && binds
            }
            Kind::With => node.child(Field::Body).is_some_and(inner),
            Kind::Try => {
                let finally = node.child_of(Kind::FinallyClause);
                node.child(Field::Body).is_some_and(inner)
                    || finally
                        .and_then(|clause| clause.child_of(Kind::Block))
                        .is_some_and(inner)
            }
            Kind::FunctionDef
            | Kind::ClassDef
            | Kind::Decorated
            | Kind::For
            | Kind::While
            | Kind::Match => false,
            _ => node
                .with_descendants()
                .any(|part| self.part_binds(statement.with(part))),
        }
    }

    fn part_binds(&self, part: Site<'p>) -> bool {
        match part.node.kind() {
            Kind::Attribute => {
                let attribute = part.node.child(Field::Attribute).map_or("", Node::text);
                let Some(object) = part.child(Field::Object) else {
                    return false;
                };
                (attribute == self.name && is_assigned(part.node) && self.is_object(object))
                    || (attribute == "__dict__" && sets_dict(part.node))
            }
            Kind::Call => self.call_binds(part),
            _ => false,
        }
    }

    fn call_binds(&self, call: Site<'p>) -> bool {
        let Some(callee) = call.child(Field::Function) else {
            return false;
        };
        let arguments = call.node.child(Field::Arguments);
        if matches!(
            callee.text(),
            "setattr" | "object.__setattr__" | "super().__setattr__"
        ) {
            return arguments.is_some_and(|arguments| {
                arguments.children().any(|argument| {
                    argument.kind() == Kind::String
                        && argument.text().trim_matches(['"', '\'']) == self.name
                })
            });
        }
        if callee.node.kind() != Kind::Attribute {
            return false;
        }
        let Some(object) = callee.child(Field::Object) else {
            return false;
        };
        let method = callee.node.child(Field::Attribute).map_or("", Node::text);
        let target = if self.is_object(object) {
            self.project.find_method(self.class, method)
        } else if self.project.class_of_super(object).is_some() {
            self.after_own_class(method)
        } else {
            let hands_itself_on = arguments
                .and_then(|arguments| arguments.children().next())
                .is_some_and(|first| self.is_object(call.with(first)));
            match self.project.evaluate(callee) {
                Value::Function(function) if hands_itself_on => Some(function),
                _ => None,
            }
        };
        target.is_some_and(|target| {
            target != self.method
                && self
                    .project
                    .binds(self.class, target, self.name, self.depth + 1)
        })
    }

    /// The method that `super().name` gives: the next after the class that the code stands in, in the order of the object's class.
    fn after_own_class(&self, name: &str) -> Option<Function<'p>> {
        let own = self.method.class()?;
        let mut mro = self.project.known_mro(self.class).into_iter();
        mro.find(|class| *class == own)?;
        mro.find(|class| class.defines(name))?.method(name)
    }

    /// Whether an expression is the method's object.
    fn is_object(&self, object: Site<'p>) -> bool {
        object.node.kind() == Kind::Name
            && Some(object.text()) == self.method.first_parameter()
            && match object.resolve() {
                Resolution::Local(bindings) => bindings
                    .iter()
                    .any(|binding| binding.binding.kind == BindingKind::Parameter),
                _ => false,
            }
    }
}

/// Whether an attribute is bound by an assignment, on its own or in a tuple; not by an augmented one, which reads it first.
fn is_assigned(node: Node<'_>) -> bool {
    let target = whole_target(node);
    let is_left = target.field() == Field::Left;
    target.parent().is_some_and(|parent| match parent.kind() {
        Kind::Assignment => is_left && parent.child(Field::Right).is_some(),
        Kind::For => is_left,
        kind => kind == Kind::AsPatternTarget,
    })
}

/// Whether `x.__dict__` is bound, or changed by a method or by key: any attribute may be bound by that.
fn sets_dict(node: Node<'_>) -> bool {
    is_assigned(node)
        || node.parent().is_some_and(|parent| {
            parent.kind() == Kind::Subscript && is_assigned(parent)
                || parent
                    .child(Field::Attribute)
                    .is_some_and(|method| matches!(method.text(), "update" | "setdefault"))
        })
}
