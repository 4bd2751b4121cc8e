//! Answers that many rules ask for again and again, each worked out once: a class's method resolution order, who has it among its bases, who defines a method of it anew, the attributes of one name.

use std::cell::Cell;
use std::sync::Arc;

use elsa::sync::FrozenMap;

use super::{Class, ClassValue, Function, Metaclass, Mro, Project, Value};
use crate::facts::trace::Traced;
use crate::facts::{FileFacts, Site};
use crate::syntax::{Field, NodeId};

/// A class statement: the address of its file's facts, segment, node.
type Key = (usize, usize, NodeId);

#[derive(Default)]
pub(super) struct Memo {
    orders: FrozenMap<Key, Box<Traced<Order>>>,
    metaclasses: FrozenMap<Key, Box<Traced<Made>>>,
    subclasses: FrozenMap<Key, Places>,
    overrides: FrozenMap<(Key, Box<str>), Places>,
    attributes: FrozenMap<Box<str>, Box<Traced<Attributes>>>,
}

/// Class statements, or function definitions.
type Places = Box<Traced<Vec<Place>>>;

/// Attributes of one name, each with what its object is.
type Attributes = Vec<(Place, Owner)>;

/// What an attribute's object is.
enum Owner {
    Class(Place),
    Instance(Place),
    Module(Arc<FileFacts>),
    Other,
}

/// Where a node stands. Invariant: the facts are those that the project has of the file.
struct Place {
    file: Arc<FileFacts>,
    segment: usize,
    node: NodeId,
}

/// A class; another package's by its name.
enum Named {
    Known(Place),
    External(Arc<str>),
}

/// A metaclass.
enum Made {
    By(Named),
    Conflict(Named, Named),
    Unknown,
}

/// A method resolution order.
struct Order {
    classes: Vec<Named>,
    is_complete: bool,
    is_inconsistent: bool,
}

thread_local! {
    /// Whether the thread works out an order.
    static ORDERING: Cell<bool> = const { Cell::new(false) };
}

struct Ordering;

impl Ordering {
    /// None where the thread works out an order already: what a base denotes may depend on other classes' orders, and theirs on this one. Those inside are not kept, as
    /// they depend on where it began.
    fn begin() -> Option<Ordering> {
        // not `then_some`: one that is made and dropped ends the other
        (!ORDERING.replace(true)).then(|| Ordering)
    }
}

impl Drop for Ordering {
    fn drop(&mut self) {
        ORDERING.set(false);
    }
}

fn key(class: Class<'_>) -> Key {
    let site = class.site;
    (
        std::ptr::from_ref(site.file).addr(),
        site.segment,
        site.node.id(),
    )
}

impl Place {
    fn site(&self) -> Site<'_> {
        self.file.root(self.segment).at(self.node)
    }

    fn class(&self) -> Option<Class<'_>> {
        Class::at(self.site())
    }
}

impl Owner {
    fn value(&self) -> Value<'_> {
        match self {
            Owner::Class(place) => place.class().map_or(Value::Unknown, Value::Class),
            Owner::Instance(place) => place.class().map_or(Value::Unknown, |class| {
                Value::Instance(ClassValue::Known(class))
            }),
            Owner::Module(file) => Value::Module(file),
            Owner::Other => Value::Unknown,
        }
    }
}

impl Named {
    fn class(&self) -> Option<ClassValue<'_>> {
        match self {
            Named::Known(place) => place.class().map(ClassValue::Known),
            Named::External(name) => Some(ClassValue::External(Arc::clone(name))),
        }
    }
}

impl Made {
    fn metaclass(&self) -> Option<Metaclass<'_>> {
        Some(match self {
            Made::By(metaclass) => Metaclass::Is(metaclass.class()?),
            Made::Conflict(one, other) => Metaclass::Conflict(one.class()?, other.class()?),
            Made::Unknown => Metaclass::Unknown,
        })
    }
}

impl Order {
    fn mro(&self) -> Mro<'_> {
        let classes = self.classes.iter().filter_map(Named::class);
        Mro {
            classes: classes.collect(),
            complete: self.is_complete,
            inconsistent: self.is_inconsistent,
        }
    }
}

impl Project {
    /// The method resolution order of a class of the project.
    pub fn mro<'p>(&'p self, class: Class<'p>) -> Mro<'p> {
        let Some(ordering) = Ordering::begin() else {
            return self.linearised(&ClassValue::Known(class));
        };
        let key = key(class);
        if let Some(known) = self.answers.orders.get(&key) {
            drop(ordering);
            return known.get().mro();
        }
        let order = self.traced(|| self.order(&self.linearised(&ClassValue::Known(class))));
        drop(ordering);
        self.answers.orders.insert(key, Box::new(order)).get().mro()
    }

    /// The method resolution order of any class.
    pub fn mro_of<'p>(&'p self, class: &ClassValue<'p>) -> Mro<'p> {
        match class {
            ClassValue::Known(class) => self.mro(*class),
            ClassValue::External(_) => self.linearised(class),
        }
    }

    fn order(&self, mro: &Mro<'_>) -> Order {
        let named = mro.classes.iter().filter_map(|class| self.named(class));
        Order {
            classes: named.collect(),
            is_complete: mro.complete,
            is_inconsistent: mro.inconsistent,
        }
    }

    fn named(&self, class: &ClassValue<'_>) -> Option<Named> {
        match class {
            ClassValue::Known(class) => self.place(class.site).map(Named::Known),
            ClassValue::External(name) => Some(Named::External(Arc::clone(name))),
        }
    }

    /// The metaclass of a class: the most derived of its own and its bases'.
    pub fn metaclass<'p>(&'p self, class: &ClassValue<'p>) -> Metaclass<'p> {
        let ClassValue::Known(known) = class else {
            return self.find_metaclass(class);
        };
        let (key, memo) = (key(*known), &self.answers.metaclasses);
        let made = memo.get(&key).unwrap_or_else(|| {
            let made = self.traced(|| self.made(&self.find_metaclass(class)));
            memo.insert(key, Box::new(made))
        });
        made.get().metaclass().unwrap_or(Metaclass::Unknown)
    }

    fn made(&self, metaclass: &Metaclass<'_>) -> Made {
        let made = match metaclass {
            Metaclass::Is(metaclass) => self.named(metaclass).map(Made::By),
            Metaclass::Conflict(one, other) => {
                let both = self.named(one).zip(self.named(other));
                both.map(|(one, other)| Made::Conflict(one, other))
            }
            Metaclass::Unknown => None,
        };
        made.unwrap_or(Made::Unknown)
    }

    fn place(&self, site: Site<'_>) -> Option<Place> {
        let file = self.shared_file(site.file.path())?;
        debug_assert!(std::ptr::eq(&*file, site.file));
        Some(Place {
            file,
            segment: site.segment,
            node: site.node.id(),
        })
    }

    /// The classes of the project that have a class among their bases.
    pub fn subclasses<'p>(&'p self, class: Class<'p>) -> Vec<Class<'p>> {
        let key = key(class);
        let memo = &self.answers.subclasses;
        let known = memo.get(&key).unwrap_or_else(|| {
            let places = self.traced(|| {
                let found = self.find_subclasses(class).into_iter();
                found.filter_map(|heir| self.place(heir.site)).collect()
            });
            memo.insert(key, Box::new(places))
        });
        known.get().iter().filter_map(Place::class).collect()
    }

    /// The methods of a name that classes which derive from a class define.
    pub(super) fn overrides<'p>(
        &'p self,
        class: Class<'p>,
        name: &str,
    ) -> impl Iterator<Item = Function<'p>> {
        let key = (key(class), name.into());
        let memo = &self.answers.overrides;
        let known = memo.get(&key).unwrap_or_else(|| {
            let places = self.traced(|| {
                let found = self.find_overrides(class, name);
                found.filter_map(|method| self.place(method.site)).collect()
            });
            memo.insert(key, Box::new(places))
        });
        let places = known.get().iter();
        places.filter_map(|place| Function::at(place.site()))
    }

    /// The attributes of a name in all files, each with the module, the class or the object of a class of the project that it is one of; unknown where that is something else.
    pub fn attributes_of_objects<'p>(
        &'p self,
        name: &str,
    ) -> impl Iterator<Item = (Site<'p>, Value<'p>)> {
        let memo = &self.answers.attributes;
        let known = memo.get(name).unwrap_or_else(|| {
            let found = self.traced(|| {
                let attributes = self.attributes_named(name).into_iter();
                let owned =
                    attributes.filter_map(|site| Some((self.place(site)?, self.owner_of(site))));
                owned.collect()
            });
            memo.insert(name.into(), Box::new(found))
        });
        let found = known.get().iter();
        found.map(|(place, owner)| (place.site(), owner.value()))
    }

    fn owner_of<'p>(&'p self, attribute: Site<'p>) -> Owner {
        let object = attribute.child(Field::Object);
        let found = match object.map(|object| self.evaluate(object)) {
            Some(Value::Class(class)) => self.place(class.site).map(Owner::Class),
            Some(Value::Instance(ClassValue::Known(class))) => {
                self.place(class.site).map(Owner::Instance)
            }
            Some(Value::Module(file)) => self.shared_file(file.path()).map(Owner::Module),
            _ => None,
        };
        found.unwrap_or(Owner::Other)
    }
}
