//! Names that stand for a subject without its words: `from compat import spawn`, `Worker = threading.Thread`, `self.pool = ThreadPoolExecutor()`.
//!
//! Segments are parsed only when their words show a subject. Here the names that an import, an assignment, a class statement or a `return` makes stand
//! for one are collected over the whole project, by their last word alone: a segment that holds such a name is looked at too, and what the name
//! really means there is found out by `evaluate`.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::caching::is_called_like_any;
use super::{ClassValue, Function, Kept, Project, Value};
use crate::facts::trace::{Changed, Traced, look_for_subjects};
use crate::facts::{
    Binding, BindingKind, BindingSite, FileFacts, MutationKind, Names, ScopeKind, Site, Subjects,
};
use crate::syntax::{Field, Kind, Node};

/// Subjects whose words can be given other names. Each is collected when somebody asks for it.
const FAMILIES: [Family; 5] = [
    Family {
        subjects: Subjects::THREADS
            .union(Subjects::POOLS)
            .union(Subjects::WORKERS)
            .union(Subjects::CALLBACKS),
        made_in: Subjects::THREADS
            .union(Subjects::POOLS)
            .union(Subjects::WORKERS)
            .union(Subjects::CALLBACKS),
        modules: true,
        named_again: true,
    },
    // `from attr import s` would make every `s` one
    Family {
        subjects: Subjects::DATACLASSES,
        made_in: Subjects::DATACLASS_MAKERS,
        modules: false,
        named_again: true,
    },
    // the classes and what gives a new lock; a lock, once made, has as many names as it likes
    Family {
        subjects: Subjects::LOCKS,
        made_in: Subjects::LOCKS,
        modules: false,
        named_again: true,
    },
    // a function that keeps its results has any name: what is only called like it is not worth a look
    Family {
        subjects: Subjects::CACHES,
        made_in: Subjects::CACHES,
        modules: false,
        named_again: false,
    },
    // the class alone: a variable is looked for from where it is made
    Family {
        subjects: Subjects::CONTEXT_VARS,
        made_in: Subjects::CONTEXT_VARS,
        modules: false,
        named_again: false,
    },
];

/// Decorators of functions that keep their results under their arguments.
pub(super) const CACHES: &[&str] = &["functools.cache", "functools.lru_cache"];

/// What objects stand for as much as their classes do.
const POOLS: Subjects = Subjects::POOLS.union(Subjects::WORKERS);

struct Family {
    subjects: Subjects,
    /// What segments are about that make other names of these, beside class statements and imports.
    made_in: Subjects,
    /// Whether everything that is imported from a module counts whose name is one of the words.
    modules: bool,
    /// Whether names of names are looked for where no import gives them.
    named_again: bool,
}

/// How often names of names are followed: a subclass of a subclass, a re-export of a re-export.
const ROUNDS: usize = 6;

/// The names, by family, each collected once.
#[derive(Default)]
pub(super) struct Memo([Kept<Arc<Names>>; FAMILIES.len()]);

impl Memo {
    /// What of an earlier project's still holds.
    pub(super) fn after(&self, changed: &mut Changed<'_>) -> Memo {
        Memo(std::array::from_fn(|family| self.0[family].after(changed)))
    }

    /// Whether segments that differ hold the same of the names.
    pub(super) fn are_in_both(&self, changed: &Changed<'_>) -> bool {
        let known = self.0.iter().filter_map(Kept::known);
        let mut names = known.map(Traced::get);
        names.all(|names| {
            let mut segments = changed.segments.iter();
            segments.all(|(old, new)| names.in_segment(old) == names.in_segment(new))
        })
    }
}

impl Project {
    /// The segments of a file that may be about any of the subjects, by their words or by other names of them.
    pub fn about<'p>(
        &'p self,
        file: &'p FileFacts,
        subjects: Subjects,
    ) -> impl Iterator<Item = usize> + 'p {
        // the keyword means something only where there are threads
        let is_threads = subjects.intersects(Subjects::THREADS);
        look_for_subjects(subjects);
        if is_threads {
            look_for_subjects(Subjects::TARGETS);
        }
        let families = FAMILIES.iter().zip(&self.aliases.0);
        let asked = families.filter(|(family, _)| family.subjects.intersects(subjects));
        let named: Vec<_> = asked
            .map(|(family, names)| file.named(self.names(family, names)))
            .filter(|named| !named.is_empty())
            .collect();
        // most files have nothing to do with most subjects
        let is_any = file.silent_subjects().intersects(subjects) || !named.is_empty();
        let len = if is_any { file.len() } else { 0 };
        let is_about = move |index: usize| {
            let own = file.segment(index).silent_subjects();
            own.intersects(subjects) || named.iter().any(|named| named[index].intersects(subjects))
        };
        let targets = is_threads
            && file.silent_subjects().intersects(Subjects::TARGETS)
            && (0..len).any(&is_about);
        (0..len).filter(move |&index| {
            is_about(index)
                || targets
                    && file
                        .segment(index)
                        .silent_subjects()
                        .intersects(Subjects::TARGETS)
        })
    }

    /// The subjects that a name of something to do with threads, pools or callbacks stands for in this project.
    pub(super) fn threads_named(&self, name: &str) -> Subjects {
        let (family, names) = (&FAMILIES[0], &self.aliases.0[0]);
        let known = self.names(family, names).of(name);
        known.union(Subjects::of_word(name).intersection(family.subjects))
    }

    /// That they are used is not noted: where an edit gives others, everything begins anew.
    fn names<'p>(&'p self, family: &Family, names: &'p Kept<Arc<Names>>) -> &'p Arc<Names> {
        self.keep_compared(names, || Arc::new(self.collect(family)))
    }

    /// Whether a later project has the same names.
    pub(super) fn has_names_of(&self, later: &Project) -> bool {
        let families = FAMILIES.iter().zip(&self.aliases.0).zip(&later.aliases.0);
        families.into_iter().all(|((family, old), new)| {
            let old = old.known();
            old.is_none_or(|old| old.peek().key() == later.names(family, new).key())
        })
    }

    fn collect(&self, family: &Family) -> Names {
        let mut known: FxHashMap<&str, Subjects> = FxHashMap::default();
        for (word, subjects) in family.subjects.words() {
            for name in self.names_after(&[word]) {
                let own = Subjects::of_word(name).intersection(family.subjects);
                if own.union(subjects) != own {
                    let all = known.entry(name).or_default();
                    *all = all.union(subjects);
                }
            }
        }
        if family.modules {
            // `import multiprocessing as mp`: whoever names `mp` may mean `mp.Pool`
            for (module, subjects) in family.subjects.modules() {
                for name in self.aliases_of(module) {
                    let all = known.entry(name).or_default();
                    *all = all.union(subjects);
                }
            }
        }
        for file in self.files() {
            for index in file.about(family.made_in) {
                self.note(file, index, family, &mut known);
            }
        }
        if !family.named_again {
            return self.with_imported(family, known);
        }
        // names of names: only segments that hold a name that is new are looked at again
        let mut before: FxHashMap<&str, Subjects> = FxHashMap::default();
        for _ in 0..ROUNDS {
            let mut new: Vec<(&str, Subjects)> = known
                .iter()
                .filter(|(name, subjects)| before.get(*name) != Some(subjects))
                .map(|(name, subjects)| (*name, *subjects))
                .collect();
            if new.is_empty() {
                break;
            }
            new.sort_unstable_by_key(|(name, _)| *name);
            before = known.clone();
            let names = Arc::new(Names::new(&new));
            for file in self.files() {
                for (index, found) in file.named(&names).iter().enumerate() {
                    if *found != Subjects::NONE {
                        self.note(file, index, family, &mut known);
                    }
                }
            }
        }
        named(known)
    }

    /// The names, those under the other names of what they began with, and the names that imports give all of them.
    fn with_imported<'p>(
        &'p self,
        family: &Family,
        mut known: FxHashMap<&'p str, Subjects>,
    ) -> Names {
        let of_words = family.subjects.words();
        let words: Vec<_> = of_words
            .flat_map(|(word, _)| self.names_after(&[word]))
            .collect();
        let words = words.iter().filter(|word| known.contains_key(**word));
        let others: Vec<_> = words.map(|word| (*word, family.subjects)).collect();
        let others = Arc::new(Names::new(&others));
        for file in self.files() {
            for (index, found) in file.named(&others).iter().enumerate() {
                if *found != Subjects::NONE {
                    self.note(file, index, family, &mut known);
                }
            }
        }
        let roots: Vec<_> = known.keys().copied().collect();
        for name in self.names_after(&roots) {
            known.entry(name).or_insert(family.subjects);
        }
        named(known)
    }

    /// Notes the names that a segment makes stand for something that is known.
    fn note<'p>(
        &'p self,
        file: &'p FileFacts,
        index: usize,
        family: &Family,
        known: &mut FxHashMap<&'p str, Subjects>,
    ) {
        let mut found = Vec::new();
        let words = Words {
            project: self,
            root: file.root(index),
            family,
            known,
        };
        words.of_bindings(&mut found);
        words.of_attributes(&mut found);
        for (name, subjects) in found {
            let own = Subjects::of_word(name).intersection(family.subjects);
            if subjects != Subjects::NONE && own.union(subjects) != own {
                let all = known.entry(name).or_default();
                *all = all.union(subjects);
            }
        }
    }

    /// Whether what has the word of a subject really is about it.
    fn is_about_subject<'p>(&'p self, family: &Family, value: &Value<'p>) -> bool {
        if family.subjects == Subjects::DATACLASSES {
            return self.makes_fields(value);
        }
        if family.subjects == Subjects::LOCKS {
            return self.stands_for_locks(value);
        }
        if family.subjects == Subjects::CONTEXT_VARS {
            return self.qualified_value(value).as_deref() == Some("contextvars.ContextVar");
        }
        if family.subjects == Subjects::CACHES {
            return match value {
                Value::External(name) => CACHES.contains(&name.as_ref()),
                Value::Function(function) | Value::Method(function) => function.keeps_results(self),
                _ => false,
            };
        }
        match value {
            Value::External(name) => is_subject(name),
            Value::Class(class) => self.derives_from_subject(&ClassValue::Known(*class)),
            Value::Instance(class) => self.derives_from_subject(class),
            Value::Function(function) | Value::Method(function) => {
                match self.returned(*function, 0) {
                    Value::External(name) => is_subject(&name),
                    Value::Class(class) => self.derives_from_subject(&ClassValue::Known(class)),
                    Value::Instance(class) => self.derives_from_subject(&class),
                    _ => false,
                }
            }
            _ => false,
        }
    }

    fn derives_from_subject<'p>(&'p self, class: &ClassValue<'p>) -> bool {
        let classes = self.mro_of(class).classes;
        let mut names = classes.iter().map(|class| self.qualified_class(class));
        names.any(|name| is_subject(&name))
    }
}

fn named(known: FxHashMap<&str, Subjects>) -> Names {
    let mut all: Vec<_> = known.into_iter().collect();
    all.sort_unstable_by_key(|(name, _)| *name);
    Names::new(&all)
}

/// Whether a qualified name is of a module that is about one of the subjects.
fn is_subject(name: &str) -> bool {
    const MODULES: &[&str] = &[
        "threading",
        "_thread",
        "concurrent",
        "multiprocessing",
        "asyncio",
        "atexit",
        "signal",
        "socketserver",
        "http",
    ];
    MODULES.contains(&name.split('.').next().unwrap_or(name))
}

/// What the words of one segment stand for.
struct Words<'a, 'p> {
    project: &'p Project,
    root: Site<'p>,
    family: &'a Family,
    known: &'a FxHashMap<&'p str, Subjects>,
}

/// How deep an expression is looked into.
const DEPTH: usize = 4;

impl<'p> Words<'_, 'p> {
    fn of_bindings(&self, found: &mut Vec<(&'p str, Subjects)>) {
        let body = self.root.body();
        let text = |binding: &Binding| body.tree.node(binding.name).text();
        let globals: FxHashSet<(usize, &str)> = body
            .bindings
            .iter()
            .filter(|binding| binding.kind == BindingKind::Global)
            .map(|binding| (binding.scope, text(binding)))
            .collect();
        if self.family.subjects == Subjects::CACHES {
            found.extend(body.functions.iter().filter_map(|function| {
                let definition = self.root.at(function.node);
                let name = definition.node.child(Field::Name)?;
                // its segment has the words; elsewhere its name means nearly always something else
                if Function::at(definition).is_some_and(is_called_like_any) {
                    return None;
                }
                let subjects = self.of_decorators(definition);
                (subjects != Subjects::NONE).then(|| (name.text(), subjects))
            }));
        }
        let (mut locals, mut functions) = (FxHashMap::default(), Vec::new());
        for (number, binding) in body.bindings.iter().enumerate() {
            let is_local = matches!(
                body.scopes[binding.scope].kind,
                ScopeKind::Function | ScopeKind::Lambda | ScopeKind::Comprehension
            ) && !globals.contains(&(binding.scope, text(binding)));
            let name = body.tree.node(binding.name);
            let value = binding.value.map(|value| body.tree.node(value));
            let subjects = match (binding.kind, value) {
                (BindingKind::Annotation, _) => self.of_annotation(name),
                (BindingKind::FromImport | BindingKind::ImportAs, Some(value)) => {
                    let site = self.root.file.binding_site(self.root.segment, number);
                    self.of_import(value, site)
                }
                (BindingKind::Assignment | BindingKind::With, Some(value)) => {
                    self.of_value(value, 0).union(self.of_annotation(name))
                }
                (BindingKind::Function, Some(value)) if !is_local => {
                    functions.push((name.text(), value));
                    continue;
                }
                _ => continue,
            };
            if is_local {
                locals.insert(name.text(), subjects);
            } else {
                found.push((name.text(), subjects));
            }
        }
        let returned = |(name, function)| (name, self.of_returned(function, &locals));
        found.extend(functions.into_iter().map(returned));
    }

    /// `@lru_cache(maxsize=4)`
    fn of_decorators(&self, definition: Site<'p>) -> Subjects {
        let decorators = definition.decorators().map(|decorator| {
            let called = decorator.node.child(Field::Function);
            self.of_value(called.unwrap_or(decorator.node), 0)
        });
        decorators.fold(Subjects::NONE, Subjects::union)
    }

    /// `self.pool = ThreadPoolExecutor()`
    fn of_attributes(&self, found: &mut Vec<(&'p str, Subjects)>) {
        let stores = self.root.body().mutations.iter();
        for store in stores.filter(|store| store.kind == MutationKind::Attribute) {
            let attribute = self.root.body().tree.node(store.target).parent();
            let assignment = attribute.and_then(Node::parent);
            let (Some(attribute), Some(assignment)) = (attribute, assignment) else {
                continue;
            };
            if assignment.kind() == Kind::Assignment
                && let Some(name) = attribute.child(Field::Attribute)
            {
                let value = assignment.child(Field::Right);
                let subjects = value.map_or(Subjects::NONE, |value| self.of_value(value, 0));
                found.push((name.text(), subjects.union(self.of_annotation(attribute))));
            }
        }
    }

    fn of_word(&self, word: &str) -> Subjects {
        let known = self.known.get(word).copied().unwrap_or_default();
        Subjects::of_word(word)
            .intersection(self.family.subjects)
            .union(known)
    }

    /// The subjects of a name or an attribute, by its last word, where it turns out to be about them.
    fn of_name(&self, name: Node<'p>, word: &str) -> Subjects {
        let found = self.of_word(word);
        // `multiprocessing.Pool`, `mp.Pool`
        if Subjects::is_imported(word)
            && let Value::External(name) = self.project.evaluate(self.root.with(name))
            && let Some((module, _)) = name.rsplit_once('.')
        {
            let imported = Subjects::of_imported(word, module);
            return found.union(imported.intersection(self.family.subjects));
        }
        let is_about = || {
            let value = self.project.evaluate(self.root.with(name));
            self.project.is_about_subject(self.family, &value)
        };
        if found != Subjects::NONE && is_about() {
            found
        } else {
            Subjects::NONE
        }
    }

    fn of_import(&self, imported: Node<'p>, binding: BindingSite<'p>) -> Subjects {
        let name = imported.child(Field::Name).unwrap_or(imported);
        let last = name.text().rsplit('.').next().unwrap_or_default();
        let mut found = self.of_word(last.trim());
        if self.family.modules
            && let Some(statement) = imported.parent()
            && let Some(module) = statement.child(Field::ModuleName)
        {
            let imported = Subjects::of_imported(last.trim(), module.text());
            found = found.union(imported.intersection(self.family.subjects));
            for word in module.text().split('.') {
                let module = Subjects::of_word(word.trim());
                found = found.union(module.intersection(self.family.subjects));
            }
        }
        let is_about = || {
            let value = self.project.value_of_bindings(&[binding], None, 0);
            self.project.is_about_subject(self.family, &value)
        };
        if found != Subjects::NONE && is_about() {
            found
        } else {
            Subjects::NONE
        }
    }

    /// The subjects that an expression's value is about.
    fn of_value(&self, value: Node<'p>, depth: usize) -> Subjects {
        if depth > DEPTH {
            return Subjects::NONE;
        }
        match value.kind() {
            Kind::Name => self.of_name(value, value.text()),
            Kind::Attribute => value
                .child(Field::Attribute)
                .map_or(Subjects::NONE, |name| self.of_name(value, name.text())),
            Kind::Call => self.of_call(value, depth),
            Kind::Parenthesized | Kind::Conditional | Kind::BooleanOperation | Kind::Assignment => {
                value.children().fold(Subjects::NONE, |all, part| {
                    all.union(self.of_value(part, depth + 1))
                })
            }
            _ => Subjects::NONE,
        }
    }

    /// An executor is about threads as much as its class; a thread, once made, is not. `partial(Thread, daemon=True)` is another `Thread`.
    fn of_call(&self, call: Node<'p>, depth: usize) -> Subjects {
        let Some(callee) = call.child(Field::Function) else {
            return Subjects::NONE;
        };
        let made = self.of_value(callee, depth + 1);
        if made.intersects(POOLS.union(Subjects::DATACLASSES)) {
            return made;
        }
        let is_partial = callee.text().rsplit('.').next() == Some("partial");
        let first = call
            .child(Field::Arguments)
            .and_then(|arguments| arguments.children().next());
        match first.filter(|_| is_partial) {
            Some(first) => self.of_value(first, depth + 1),
            None => Subjects::NONE,
        }
    }

    /// For `name: annotation`, an object of the class that the annotation names.
    fn of_annotation(&self, name: Node<'p>) -> Subjects {
        let assignment = name
            .parent()
            .filter(|parent| parent.kind() == Kind::Assignment);
        let annotation = assignment.and_then(|assignment| assignment.child(Field::Type));
        annotation.map_or(Subjects::NONE, |annotation| self.of_type(annotation))
    }

    fn of_type(&self, annotation: Node<'p>) -> Subjects {
        let names = annotation
            .descendants()
            .filter(|node| node.kind() == Kind::Name);
        let all = names.fold(Subjects::NONE, |all, name| {
            all.union(self.of_word(name.text()))
        });
        if all.intersects(POOLS) {
            all
        } else {
            Subjects::NONE
        }
    }

    /// For `return Lock()`: what the class is about.
    fn of_new_lock(&self, value: Node<'p>) -> Subjects {
        let callee = value
            .child(Field::Function)
            .filter(|_| self.family.subjects == Subjects::LOCKS);
        callee.map_or(Subjects::NONE, |callee| self.of_value(callee, 1))
    }

    /// What calls of a function are about, by its `return`s. `locals` are what the segment's local names stand for.
    fn of_returned(&self, function: Node<'p>, locals: &FxHashMap<&str, Subjects>) -> Subjects {
        let annotated = function
            .child(Field::ReturnType)
            .map_or(Subjects::NONE, |annotation| self.of_type(annotation));
        let returns = function
            .descendants()
            .filter(|node| node.kind() == Kind::Return);
        let values = returns.filter_map(|statement| statement.children().next());
        values.fold(annotated, |all, value| {
            let local = locals.get(value.text()).copied().unwrap_or_default();
            all.union(self.of_value(value, 1))
                .union(local)
                .union(self.of_new_lock(value))
        })
    }
}
