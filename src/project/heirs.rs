//! Which classes derive from a class, over the whole project.
//!
//! A class statement names its bases by their last word. The words of all class statements are collected without parsing anything; whether a class that
//! names a base of that word means the class that is asked for, is then found out by evaluating.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use dashmap::DashMap;
use rustc_hash::{FxBuildHasher, FxHashSet};

use super::classes::{DEPTH, merge};
use super::flow::REBINDINGS;
use super::{Class, ClassValue, Function, Project, stdlib};
use crate::facts::trace::look_for;
use crate::facts::{ClassAttribute, FileFacts, Kin, Kinsman, Resolution, Site, Subjects};
use crate::syntax::Field;

/// What is known of kinship, by words.
#[derive(Default)]
pub(super) struct Memo {
    /// The class statements of the files on disk, and those of the open documents.
    kin: OnceLock<(Arc<Kin>, Vec<Arc<Kin>>)>,
    /// The names that metaclasses are derived from.
    metaclasses: OnceLock<FxHashSet<Box<str>>>,
    /// The names of containers, of what derives from them, and their other names.
    containers: OnceLock<FxHashSet<Box<str>>>,
    /// By a class's name: the words that are named as the metaclass of it or of its bases.
    metaclass_words: DashMap<Box<str>, Vec<Box<str>>, FxBuildHasher>,
    /// By a class's name: its method resolution orders in words.
    orders: DashMap<Box<str>, Option<Orders>, FxBuildHasher>,
}

/// A class statement: file, segment, name.
pub(super) type Statement = (Arc<PathBuf>, usize, Box<str>);

/// The name of a class, that of its attribute, and whether that one holds others that may be changed.
pub(super) type ChangingKey = (Box<str>, Box<str>, bool);

/// Method resolution orders in words.
type Orders = Vec<Vec<Box<str>>>;

/// How often a name may be renamed on its way from a class to a class statement that names it as a base.
const RENAMINGS: usize = 3;

/// How deep a hierarchy of words is followed.
const WORDS: usize = 32;

/// How many classes are asked for all that they derive from, before the heirs of the one class are looked for instead.
const FEW: usize = 16;

/// How many meanings of the words in a class statement are tried.
const CHOICES: usize = 24;

impl Project {
    fn kin(&self) -> &(Arc<Kin>, Vec<Arc<Kin>>) {
        self.heirs.kin.get_or_init(|| {
            let open = self.open.values().map(|file| Arc::clone(file.kin()));
            (self.disk.kin(), open.collect())
        })
    }

    /// What `list` says of the class statements of the files on disk that are not open, then of the open ones.
    fn kinsmen<'p, I: Iterator<Item = &'p Kinsman>>(
        &'p self,
        list: impl Fn(&'p Kin) -> I + 'p,
    ) -> impl Iterator<Item = &'p Kinsman> {
        let (disk, open) = self.kin();
        let on_disk = list(disk).filter(|kinsman| !self.open.contains_key(&**kinsman.path));
        on_disk.chain(open.iter().flat_map(move |kin| list(kin)))
    }

    /// The names of the class statements that have a segment, of head or member, of which something is true.
    pub(super) fn kinsmen_where(
        &self,
        is_true: impl Fn(&FileFacts, usize) -> bool,
    ) -> impl Iterator<Item = &str> {
        let all = self.kinsmen(|kin| kin.all().iter());
        let found = all.filter(move |kinsman| {
            self.file(&kinsman.path).is_some_and(|file| {
                let mut parts = file.members_of(kinsman.segment);
                is_true(file, kinsman.segment) || parts.any(|part| is_true(file, part))
            })
        });
        found.map(|kinsman| &*kinsman.name)
    }

    pub(super) fn aliases_of<'p>(&'p self, name: &'p str) -> impl Iterator<Item = &'p str> {
        let (disk, open) = self.kin();
        let open = open.iter().flat_map(|kin| kin.aliases(name));
        disk.aliases(name).iter().chain(open).map(AsRef::as_ref)
    }

    /// A name, and the other names that it is given on the way through the project.
    pub fn with_aliases<'p>(&'p self, name: &'p str) -> Vec<&'p str> {
        let mut names = vec![name];
        let mut from = 0;
        for _ in 0..RENAMINGS {
            let to = names.len();
            for at in from..to {
                for alias in self.aliases_of(names[at]) {
                    if !names.contains(&alias) {
                        names.push(alias);
                    }
                }
            }
            from = to;
        }
        names
    }

    /// The names of everything that, by words alone, may be one of the named classes or derive from one, as deep as a hierarchy is followed. The names themselves are part of it.
    pub(super) fn names_after<'p>(&'p self, roots: &[&'p str]) -> FxHashSet<&'p str> {
        closure(roots, |name, found| {
            let heirs = self.kinsmen(move |kin| kin.with_base(name));
            found.extend(heirs.map(|kinsman| &*kinsman.name));
            found.extend(self.aliases_of(name));
        })
    }

    /// The classes of the project that, by words alone, derive from a class of one of these names, and in whose body a word stands.
    pub(super) fn heirs_by_words<'p>(&'p self, roots: &[&'p str], word: &str) -> Vec<Class<'p>> {
        let names = self.names_after(roots);
        let kin = names
            .into_iter()
            .flat_map(|name| self.kinsmen(move |kin| kin.with_base(name)));
        let holds = kin.filter(|kinsman| {
            let head = kinsman.segment;
            let file = self.file(&kinsman.path).filter(|file| head < file.len());
            file.is_some_and(|file| {
                let mut parts = std::iter::once(head).chain(file.members_of(head));
                parts.any(|part| file.segment(part).mentions(word))
            })
        });
        self.classes_of(holds).collect()
    }

    /// The classes of the project that have a class among their bases, looked for by the words of the class statements.
    pub(super) fn find_subclasses<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        // nobody tells it from others of its name
        let name = class.site.child(Field::Name).map(Site::resolve);
        if let Some(Resolution::Local(bindings) | Resolution::Module(bindings)) = name
            && bindings.len() > REBINDINGS
        {
            return Vec::new();
        }
        let kin = self
            .with_aliases(class.name())
            .into_iter()
            .flat_map(|name| self.kinsmen(move |kin| kin.with_base(name)));
        let is_heir = |other: &Class<'p>| {
            let mut bases = other.bases();
            *other != class
                && bases.any(|base| self.base_class(base) == Some(ClassValue::Known(class)))
        };
        self.classes_of(kin).filter(is_heir).collect()
    }

    /// The methods of a name that classes which derive from a class define, by place. Only those are parsed in which the name stands.
    pub(super) fn find_overrides<'p>(
        &'p self,
        class: Class<'p>,
        name: &str,
    ) -> impl Iterator<Item = Function<'p>> {
        let names = self.names_after(&[class.name()]).into_iter();
        let heirs = names.flat_map(|heir| self.kinsmen(move |kin| kin.called(heir)));
        let named = heirs.filter(|heir| {
            self.file(&heir.path).is_some_and(|file| {
                let mut members = file.members_naming(heir.segment, name);
                file.segment(heir.segment).mentions(name) || members.next().is_some()
            })
        });
        let derived = self
            .classes_of(named)
            .filter(move |heir| *heir != class && self.known_mro(*heir).contains(&class));
        derived.filter_map(move |heir| heir.method(name))
    }

    /// The classes of the project that name a class as their metaclass.
    pub fn made_by_metaclass<'p>(&'p self, metaclass: Class<'p>) -> Vec<Class<'p>> {
        let kin = self
            .with_aliases(metaclass.name())
            .into_iter()
            .flat_map(|name| self.kinsmen(move |kin| kin.with_metaclass(name)));
        let is_made = |class: &Class<'p>| {
            let keyword = class.keyword("metaclass");
            keyword.and_then(|keyword| self.base_class(keyword))
                == Some(ClassValue::Known(metaclass))
        };
        self.classes_of(kin).filter(is_made).collect()
    }

    /// The metaclasses that a file defines, in the order of the file.
    pub fn metaclasses<'p>(&'p self, file: &'p FileFacts) -> impl Iterator<Item = Class<'p>> {
        let names = self.heirs.metaclasses.get_or_init(|| {
            let roots: Vec<&str> = stdlib::metaclass_words().iter().copied().collect();
            let names = self.names_after(&roots);
            names.into_iter().map(Into::into).collect()
        });
        let kin = file.kin().all().iter();
        let derived = kin.filter(|kinsman| kinsman.bases.iter().any(|base| names.contains(base)));
        self.classes_of(derived)
            .filter(|class| self.is_metaclass(*class))
    }

    /// The classes of a file whose bases, by words alone, bring more than one metaclass.
    pub fn of_several_metaclasses<'p>(
        &'p self,
        file: &'p FileFacts,
    ) -> impl Iterator<Item = Class<'p>> {
        let kin = file.kin().all().iter();
        let several = kin.filter(|kinsman| {
            let bases = kinsman.bases.iter();
            let inherited = bases.flat_map(|base| self.metaclass_words(base));
            let own = kinsman.metaclass.iter().cloned();
            let words: FxHashSet<Box<str>> = own.chain(inherited).collect();
            words.len() > 1
        });
        self.classes_of(several)
    }

    /// The classes of a file whose bases, as far as words tell, may have no common order.
    pub fn of_unordered_bases<'p>(
        &'p self,
        file: &'p FileFacts,
    ) -> impl Iterator<Item = Class<'p>> {
        let kin = file.kin().all().iter();
        let unordered = kin.filter(|kinsman| {
            kinsman.bases.len() > 1 && self.orders_of_statement(kinsman, 0).is_none()
        });
        self.classes_of(unordered)
    }

    /// The orders that C3 may give a class statement, by words; several where a word may mean several classes. None where one of them fails, or there are too many.
    fn orders_of_statement(&self, kinsman: &Kinsman, depth: usize) -> Option<Orders> {
        let mut choices: Vec<Vec<Vec<Box<str>>>> = vec![Vec::new()];
        for (at, base) in kinsman.bases.iter().enumerate() {
            if base.as_ref() == "object" && at + 1 < kinsman.bases.len() {
                return None;
            }
            let orders = self.orders_of_word(base, depth + 1)?;
            let longer = choices.iter().flat_map(|choice| {
                orders.iter().map(|order| {
                    let mut longer = choice.clone();
                    longer.push(order.clone());
                    longer
                })
            });
            choices = longer.collect();
            if choices.len() > CHOICES {
                return None;
            }
        }
        let ordered = choices.into_iter().map(|mut sequences| {
            let heads = sequences.iter().filter_map(|order| order.first().cloned());
            sequences.push(heads.collect());
            let rest = merge(sequences)?;
            Some(std::iter::once(kinsman.name.clone()).chain(rest).collect())
        });
        ordered.collect()
    }

    fn orders_of_word(&self, name: &str, depth: usize) -> Option<Orders> {
        if let Some(known) = self.heirs.orders.get(name) {
            return known.clone();
        }
        if depth > WORDS {
            return None;
        }
        // what derives from its own name has no order in words
        self.heirs.orders.insert(name.into(), None);
        let (disk, open) = self.kin();
        let mut found: Orders = stdlib::orders_of_word(name);
        let mut add = |orders: Option<Orders>| {
            for order in orders? {
                if !found.contains(&order) {
                    found.push(order);
                }
            }
            (found.len() <= CHOICES).then_some(())
        };
        let mut called = self.kinsmen(|kin| kin.called(name));
        let mut originals = std::iter::once(disk)
            .chain(open)
            .flat_map(|kin| kin.originals(name));
        let is_known = called
            .all(|kinsman| add(self.orders_of_statement(kinsman, depth)).is_some())
            && originals.all(|original| add(self.orders_of_word(original, depth + 1)).is_some());
        if found.is_empty() {
            found.push(vec![name.into()]);
        }
        let orders = is_known.then_some(found);
        self.heirs.orders.insert(name.into(), orders.clone());
        orders
    }

    /// The classes of a file of whose bases, by words alone, two may have slots, themselves or from their bases.
    pub fn of_slotted_bases<'p>(&'p self, file: &'p FileFacts) -> impl Iterator<Item = Class<'p>> {
        look_for("__slots__");
        let has_slots = |kinsman: &Kinsman| {
            self.file(&kinsman.path).is_some_and(|file| {
                let mut parts = file.members_of(kinsman.segment);
                let about = |part: usize| file.segment(part).may_have_slots();
                about(kinsman.segment) || parts.any(about)
            })
        };
        let slotted_names = move |base: &'p str| -> FxHashSet<&'p str> {
            let names = self.names_before(base).into_iter();
            names
                .filter(|name| self.kinsmen(|kin| kin.called(name)).any(has_slots))
                .collect()
        };
        let kin = file.kin().all().iter();
        let slotted = kin.filter(move |kinsman| {
            let is_one = kinsman.bases.len() < 2;
            let slotted: Vec<_> = match is_one {
                true => Vec::new(),
                false => kinsman
                    .bases
                    .iter()
                    .map(|base| slotted_names(base))
                    .collect(),
            };
            // each has something that the other one has not
            slotted.iter().enumerate().any(|(at, one)| {
                let mut others = slotted[at + 1..].iter();
                others.any(|other| !one.is_subset(other) && !other.is_subset(one))
            })
        });
        self.classes_of(slotted)
    }

    /// The words that are named as the metaclass of a class of this name, or of its bases.
    fn metaclass_words(&self, name: &str) -> Vec<Box<str>> {
        if let Some(known) = self.heirs.metaclass_words.get(name) {
            return known.clone();
        }
        let mut found: FxHashSet<Box<str>> = FxHashSet::default();
        for ancestor in self.names_before(name) {
            found.extend(stdlib::metaclasses_of_word(ancestor).map(Into::into));
            for kinsman in self.kinsmen(|kin| kin.called(ancestor)) {
                found.extend(kinsman.metaclass.clone());
            }
        }
        let found: Vec<_> = found.into_iter().collect();
        let words = &self.heirs.metaclass_words;
        words.insert(name.into(), found.clone());
        found
    }

    /// The names of everything that, by words alone, a class of a name may derive from, as deep as a hierarchy is followed, and its own.
    fn names_before<'p>(&'p self, name: &'p str) -> FxHashSet<&'p str> {
        let (disk, open) = self.kin();
        closure(&[name], |name, found| {
            let kins = std::iter::once(disk).chain(open);
            let originals = kins.flat_map(|kin| kin.originals(name));
            let bases = self
                .kinsmen(move |kin| kin.called(name))
                .flat_map(|kinsman| &kinsman.bases);
            found.extend(originals.chain(bases).map(|name| &**name));
        })
    }

    /// Whether the value of a class attribute may be a container, by the last word of what is called.
    fn may_make_container(&self, attribute: &ClassAttribute<'_>) -> bool {
        let names = self.heirs.containers.get_or_init(|| {
            let roots: Vec<&str> = ClassAttribute::CONTAINERS.to_vec();
            let names = self.names_after(&roots);
            names.into_iter().map(Into::into).collect()
        });
        attribute.callee.is_empty() || names.contains(attribute.callee)
    }

    /// The class statements of a class of a name, of its bases and of its heirs, in which, all by words alone, a method may change an attribute of the object; sorted.
    fn changing<'p>(&'p self, name: &str, attribute: &ClassAttribute<'_>) -> &'p [Statement] {
        attribute.look_for();
        let key: ChangingKey = (name.into(), attribute.name.into(), attribute.is_nested());
        if let Some(known) = self.changing.get(&key) {
            return known;
        }
        let mut names = self.names_before(name);
        names.extend(self.names_after(&[name]));
        let kin = names
            .into_iter()
            .flat_map(|name| self.kinsmen(move |kin| kin.called(name)));
        let may_change = attribute.may_change_in();
        let changing = kin.filter(|kinsman| {
            self.file(&kinsman.path).is_some_and(|file| {
                let head = kinsman.segment;
                let mut members = file.members_naming(head, attribute.name);
                let may_change = |part| may_change(file.segment(part));
                may_change(head) || members.any(may_change)
            })
        });
        let statement = |kin: &Kinsman| (Arc::clone(&kin.path), kin.segment, kin.name.clone());
        let mut found: Vec<Statement> = changing.map(statement).collect();
        found.sort_unstable();
        found.dedup();
        self.changing.insert(key, found.into())
    }

    /// The classes of a file that, by words alone, have an attribute that their objects share and that a method may change.
    pub fn with_changing_attributes<'p>(&'p self, file: &'p FileFacts) -> Vec<Class<'p>> {
        let about = file.about(Subjects::CLASS_ATTRIBUTES.union(Subjects::CLASS_CALLS));
        let changing = about.filter(|&segment| {
            let head = file.head_of(segment).unwrap_or(segment);
            let kin = file.kin().all().iter();
            let mut classes = kin.filter(|kinsman| kinsman.segment == head);
            let mut attributes = file.segment(segment).class_attributes();
            attributes.retain(|attribute| self.may_make_container(attribute));
            classes.any(|class| {
                let mut attributes = attributes.iter();
                attributes.any(|attribute| !self.changing(&class.name, attribute).is_empty())
            })
        });
        self.classes_in(file, changing)
    }

    /// The class, its bases and its heirs, as far as a method of theirs may, by words, change an attribute of the object.
    pub fn changing_family<'p>(
        &'p self,
        class: Class<'p>,
        attribute: &ClassAttribute<'_>,
    ) -> Vec<Class<'p>> {
        let own = self.known_mro(class);
        let found = self.changing(class.name(), attribute);
        if found.len() <= FEW {
            let is_of_family =
                |other: &Class<'p>| own.contains(other) || self.known_mro(*other).contains(&class);
            let classes = found
                .iter()
                .map(|(path, segment, name)| (path, *segment, &**name));
            return self.classes_at(classes).filter(is_of_family).collect();
        }
        // many may have the words and few be heirs
        let mut family = self.descendants(class);
        family.retain(|heir| !own.contains(heir));
        family.extend(own);
        let statement = |class: &Class<'p>| {
            let site = class.site;
            (site.file.path(), site.segment, class.name())
        };
        family.retain(|class| {
            let own = statement(class);
            let order = |(path, segment, name): &Statement| (path, *segment, &**name).cmp(&own);
            found.binary_search_by(order).is_ok()
        });
        family.sort_by_key(|class| (statement(class), class.site.node.id()));
        family
    }

    /// The classes in the segments of class statements, each once, by place.
    fn classes_of<'p>(
        &'p self,
        kin: impl Iterator<Item = &'p Kinsman>,
    ) -> impl Iterator<Item = Class<'p>> {
        let mut places: Vec<_> = kin
            .map(|kinsman| (&kinsman.path, kinsman.segment, &*kinsman.name))
            .collect();
        places.sort_unstable();
        places.dedup();
        self.classes_at(places.into_iter())
    }

    /// The classes of a name in each of these segments.
    fn classes_at<'p>(
        &'p self,
        places: impl Iterator<Item = (&'p Arc<PathBuf>, usize, &'p str)>,
    ) -> impl Iterator<Item = Class<'p>> {
        places.flat_map(|(path, segment, name)| {
            let file = self.file(path).filter(|file| segment < file.len());
            let root = file.map(|file| file.root(segment));
            let classes = root.into_iter().flat_map(|root| {
                let classes = root.body().classes.iter();
                classes.filter_map(move |data| Class::at(root.at(data.node)))
            });
            classes.filter(move |class| class.name() == name)
        })
    }

    /// The classes that derive from a class, directly or not, as deep as a hierarchy is followed.
    pub fn descendants<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        let key = |class: Class<'p>| {
            let file: *const FileFacts = class.site.file;
            (file.addr(), class.site.segment, class.site.node.id())
        };
        let mut seen = FxHashSet::default();
        seen.insert(key(class));
        let mut found = Vec::new();
        let mut todo = vec![(class, 0)];
        while let Some((class, depth)) = todo.pop() {
            if depth == DEPTH {
                continue;
            }
            for heir in self.subclasses(class) {
                if seen.insert(key(heir)) {
                    found.push(heir);
                    todo.push((heir, depth + 1));
                }
            }
        }
        found
    }
}

/// Some names and what `next` names after each of them, and so on, as deep as a hierarchy is followed.
fn closure<'p>(
    roots: &[&'p str],
    mut next: impl FnMut(&'p str, &mut Vec<&'p str>),
) -> FxHashSet<&'p str> {
    let mut found: FxHashSet<&str> = roots.iter().copied().collect();
    let mut level: Vec<&str> = roots.to_vec();
    for _ in 0..DEPTH {
        let mut named = Vec::new();
        for name in level {
            next(name, &mut named);
        }
        named.retain(|name| found.insert(name));
        level = named;
    }
    found
}
