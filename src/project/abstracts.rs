//! Abstract methods: which a class defines, and which are left when it is made.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::{ClassValue, Function, Metaclass, Project, Value, stdlib};
use crate::facts::trace::{look_around, look_for};
use crate::facts::{BindingKind, BindingSite, FileFacts, SegmentFacts, Site, Subjects};
use crate::syntax::{Field, Kind, Node};

/// The words that mark abstract methods.
const MARKS: [&str; 4] = [
    "abstractmethod",
    "abstractproperty",
    "abstractclassmethod",
    "abstractstaticmethod",
];

/// An abstract method that a class has left.
pub struct AbstractMethod<'p> {
    pub name: String,
    /// Where it is defined; None in the standard library.
    pub function: Option<Function<'p>>,
}

impl Project {
    /// The expressions of a function's decorators that mark it abstract.
    pub fn abstract_marks<'p>(&'p self, function: Function<'p>) -> impl Iterator<Item = Site<'p>> {
        let is_mark = |decorator: &Site<'p>| {
            self.qualified_decorator(*decorator).is_some_and(|name| {
                name.strip_prefix("abc.")
                    .is_some_and(|name| MARKS.contains(&name))
            })
        };
        function.site.decorators().filter(is_mark)
    }

    /// The functions of a file that, by words alone, may be marked abstract.
    pub fn maybe_abstract<'p>(&'p self, file: &'p FileFacts) -> impl Iterator<Item = Function<'p>> {
        let words: Vec<_> = match file.about(Subjects::ABSTRACT).next() {
            Some(_) => MARKS
                .iter()
                .flat_map(|mark| file.kin().aliases(mark))
                .collect(),
            None => Vec::new(),
        };
        let is_about = move |segment: &usize| {
            let facts = file.segment(*segment);
            facts.is_about(Subjects::ABSTRACT) || words.iter().any(|word| facts.mentions(word))
        };
        let roots = (0..file.len())
            .filter(is_about)
            .map(|segment| file.root(segment));
        roots.flat_map(|root| {
            let functions = root.body().functions.iter();
            functions.filter_map(move |data| Function::at(root.at(data.node)))
        })
    }

    /// Whether the metaclass of a class collects abstract methods: it derives from `ABCMeta`. None where it is not known.
    pub fn collects_abstract<'p>(&'p self, class: &ClassValue<'p>) -> Option<bool> {
        let Metaclass::Is(metaclass) = self.metaclass(class) else {
            return None;
        };
        self.derives_from(&metaclass, "abc.ABCMeta")
    }

    /// The abstract methods that are left in a class, in the order of their classes. None where the hierarchy is not known. Marks under another name are not seen.
    pub fn abstract_left<'p>(&'p self, class: &ClassValue<'p>) -> Option<Vec<AbstractMethod<'p>>> {
        let mro = self.mro_of(class);
        if !mro.is_complete() || mro.inconsistent {
            return None;
        }
        let mut names: Vec<String> = Vec::new();
        let mut add = |name: &str| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_string());
            }
        };
        for ancestor in mro.classes.iter().rev() {
            match ancestor {
                ClassValue::Known(own) => {
                    if !may_mark(own.site.file, own.site.segment) {
                        continue;
                    }
                    let about = |facts: &SegmentFacts| facts.is_about(Subjects::ABSTRACT);
                    let members = own.site.members_where(about);
                    let mut marked = members
                        .filter(|member| about(member.name.file.segment(member.name.segment)))
                        .filter(|member| self.is_marked(member))
                        .peekable();
                    if marked.peek().is_some() && self.collects_abstract(ancestor)? {
                        marked.for_each(|member| add(member.name.text()));
                    }
                }
                ClassValue::External(name) => {
                    let known = stdlib::abstract_methods(name);
                    known.iter().for_each(|name| add(name));
                }
            }
        }
        let left = |name: String| self.left(&mro.classes, name);
        Some(names.into_iter().filter_map(left).collect())
    }

    /// A name that some class of an MRO has marked: the method that look-up finds, where that is marked.
    fn left<'p>(&'p self, classes: &[ClassValue<'p>], name: String) -> Option<AbstractMethod<'p>> {
        // whether a class has been passed that has the method from a base which is still to come
        let mut is_to_come = false;
        for class in classes {
            match class {
                ClassValue::Known(known) => {
                    let members = known.site.members_named(&name);
                    let Some(last) = members.last() else { continue };
                    let is_left = members.iter().all(|member| self.is_marked(member))
                        && self.collects_abstract(class) == Some(true);
                    let function = last.value().and_then(Function::at).filter(|_| is_left)?;
                    return Some(AbstractMethod {
                        name,
                        function: Some(function),
                    });
                }
                ClassValue::External(class) => {
                    let known = stdlib::abstract_methods(class);
                    if known.contains(&name.as_str()) {
                        if !self.inherits_abstract(class, &name) {
                            let function = None;
                            return Some(AbstractMethod { name, function });
                        }
                        // a class that comes before the base may implement it
                        is_to_come = true;
                    }
                    let has_nothing = matches!(
                        class.as_ref(),
                        "abc.ABC" | "typing.Generic" | "typing.Protocol"
                    );
                    let passes = has_nothing || is_to_come && !known.is_empty();
                    if !passes {
                        return None;
                    }
                }
            }
        }
        None
    }

    /// Whether an abstract method of a class of the standard library is one of its base's: `__len__` of `MutableMapping` is that of `Sized`.
    fn inherits_abstract(&self, class: &Arc<str>, name: &str) -> bool {
        let order = self.mro_of(&ClassValue::External(Arc::clone(class)));
        let mut bases = order.classes.iter().skip(1);
        bases.any(|base| {
            matches!(base, ClassValue::External(base) if stdlib::abstract_methods(base).contains(&name))
        })
    }

    fn is_marked<'p>(&'p self, member: &BindingSite<'p>) -> bool {
        let is_function = member.binding.kind == BindingKind::Function;
        let function = member
            .value()
            .filter(|_| is_function)
            .and_then(Function::at);
        function.is_some_and(|function| self.abstract_marks(function).next().is_some())
    }

    /// The names of the classes that, by words alone, have or inherit abstract methods.
    fn abstract_names(&self) -> &FxHashSet<Box<str>> {
        self.keep(&self.abstracts, || {
            MARKS.iter().for_each(|mark| look_for(mark));
            let marking = self
                .kinsmen_where(|file, segment| file.segment(segment).is_about(Subjects::ABSTRACT));
            let mut roots: Vec<&str> = marking.collect();
            stdlib::abstract_words().for_each(|word| roots.push(word));
            let names = self.names_after(&roots);
            names.into_iter().map(Into::into).collect()
        })
    }

    /// Whether a name that is called may be one of a class with abstract methods: by what it is in the module, or where that is not known.
    fn may_be_abstract<'p>(&'p self, file: &'p FileFacts, dotted: &str) -> bool {
        let class = match self.value_of_dotted(file, dotted) {
            Value::Class(class) => ClassValue::Known(class),
            Value::External(name) => ClassValue::External(name),
            Value::Unknown => return true,
            _ => return false,
        };
        let left = self.abstract_left(&class);
        left.is_some_and(|left| !left.is_empty())
    }

    /// The calls of a file that, by words alone, construct a class that may have abstract methods; and what is called.
    pub fn maybe_abstract_calls<'p>(
        &'p self,
        file: &'p FileFacts,
    ) -> impl Iterator<Item = (Site<'p>, Site<'p>)> {
        let names = self.abstract_names();
        look_around(names.iter().map(AsRef::as_ref));
        // a class of the file itself is told by its own bases
        let is_one = move |name: &str| {
            names.contains(name) && {
                let mut own = file.kin().called(name).peekable();
                own.peek().is_none()
                    || own.any(|own| {
                        let mut bases = own.bases.iter();
                        bases.any(|base| names.contains(base)) || may_mark(file, own.segment)
                    })
            }
        };
        let mut known: FxHashMap<&str, bool> = FxHashMap::default();
        let is_about = move |segment: &usize| {
            file.segment(*segment).called_names().any(|dotted| {
                let name = dotted.rsplit('.').next().unwrap_or(dotted);
                is_one(name)
                    && *known
                        .entry(dotted)
                        .or_insert_with(|| self.may_be_abstract(file, dotted))
            })
        };
        let roots = (0..file.len())
            .filter(is_about)
            .map(|segment| file.root(segment));
        let whole = roots.filter(|root| !root.node.tree().has_error());
        whole.flat_map(move |root| {
            let calls = root.body().calls.iter().map(move |call| root.at(*call));
            calls.filter_map(move |call| {
                let callee = call.child(Field::Function)?;
                let name = match callee.node.kind() {
                    Kind::Attribute => callee.node.child(Field::Attribute)?,
                    _ => callee.node,
                };
                (name.kind() == Kind::Name && is_one(Node::text(name))).then_some((call, callee))
            })
        })
    }
}

/// Whether the words of the class statement in a segment show a mark.
fn may_mark(file: &FileFacts, segment: usize) -> bool {
    MARKS.iter().for_each(|mark| look_for(mark));
    let about = |part: usize| file.segment(part).is_about(Subjects::ABSTRACT);
    about(segment) || file.members_of(segment).any(about)
}
