//! The designs of the user's classes and functions, as they stand in the project: where the instance lives, who constructs it, which classes are made.

use super::construct::Named;
use super::shapes;
use crate::explain::{Design, DesignKind, Home};
use crate::facts::{FileFacts, Resolution, Site};
use crate::project::{Class, ClassValue, Function, Project, Singleton, SingletonShape, Value};
use crate::syntax::{Field, Kind, Node};

/// The designs of what a name stands for. `from` is the file that it is looked at in, `place` says where a site is in words.
pub(super) fn of<'p>(
    project: &'p Project,
    named: Named<'p>,
    from: &'p FileFacts,
    place: &dyn Fn(Site<'p>) -> String,
) -> Vec<Design> {
    let words = Words {
        project,
        from,
        place,
    };
    match named {
        Named::Class(class) => words.of_class(class),
        Named::Function(function) => words.of_function(function).into_iter().collect(),
    }
}

struct Words<'a, 'p> {
    project: &'p Project,
    from: &'p FileFacts,
    place: &'a dyn Fn(Site<'p>) -> String,
}

impl<'p> Words<'_, 'p> {
    fn of_function(&self, function: Function<'p>) -> Option<Design> {
        let singleton = shapes::kept_by_function(self.project, function)?;
        let home = self.home(&singleton, None);
        let kind = match singleton.shape {
            SingletonShape::Decorator => DesignKind::SingletonMaker {
                home,
                classes: self.named(self.project.decorated_by(function)),
            },
            SingletonShape::Module => DesignKind::Accessor {
                home,
                asked: self.places(self.project.calls_of(function)),
            },
            _ => return self.of_class(singleton.class?).into_iter().next(),
        };
        Some(design(function.name(), kind))
    }

    fn of_class(&self, class: Class<'p>) -> Vec<Design> {
        let name = class.name();
        let is_metaclass = self.project.is_metaclass(class);
        let made = || self.named(self.project.made_by_metaclass(class));
        let mut kinds = Vec::new();
        if let Some(singleton) = shapes::kept_by_class(self.project, class) {
            kinds.push(if is_metaclass {
                DesignKind::SingletonMaker {
                    home: self.home(&singleton, Some(class)),
                    classes: made(),
                }
            } else {
                self.singleton(class, &singleton)
            });
        }
        if let Some(state) = shapes::shared_state(class) {
            kinds.push(DesignKind::SharedState {
                home: self.home_of(state, Some(class)),
                constructed: self.places(self.constructions(class)),
            });
        }
        if is_metaclass && let Some(table) = shapes::registration(class) {
            kinds.push(DesignKind::Registry {
                home: self.home_of(table, Some(class)),
                classes: made(),
            });
        }
        if is_metaclass && let Some(raises) = shapes::refusal(class) {
            kinds.push(DesignKind::Validation {
                raises: (self.place)(raises),
                classes: made(),
            });
        }
        if class.defines("__get__") || class.defines("__set__") || class.defines("__delete__") {
            kinds.push(self.descriptor(class));
        }
        kinds.into_iter().map(|kind| design(name, kind)).collect()
    }

    fn singleton(&self, class: Class<'p>, singleton: &Singleton<'p>) -> DesignKind {
        let keeper = singleton.function;
        let constructed = self.constructions(class).into_iter();
        let asked = (singleton.shape == SingletonShape::Method).then(|| {
            let asks = self.project.calls_of(keeper);
            (keeper.name().to_owned(), self.places(asks))
        });
        DesignKind::Singleton {
            home: self.home(singleton, Some(class)),
            per_class: singleton.per_class && singleton.shape == SingletonShape::New,
            constructed: self.places(
                constructed
                    .filter(|call| Function::around(*call) != Some(keeper))
                    .collect(),
            ),
            asked,
        }
    }

    fn descriptor(&self, class: Class<'p>) -> DesignKind {
        let is_of_class = |call: &Site<'p>| {
            let assignment = call.node.parent();
            let left = assignment.and_then(|assignment| assignment.child(Field::Left));
            left.is_some_and(|left| left.kind() == Kind::Name)
                && call.class_around(call.scope()).is_some()
        };
        let attributes = self.constructions(class).into_iter().filter(is_of_class);
        let attributes = self.sorted(attributes.collect()).into_iter().map(|call| {
            let owner = call.class_around(call.scope());
            let owner = owner.map_or("", |(site, _)| {
                site.node.child(Field::Name).map_or("", Node::text)
            });
            let name = call.node.parent().and_then(|node| node.child(Field::Left));
            let name = name.map_or("", Node::text);
            format!("`{owner}.{name}` {}", (self.place)(call))
        });
        let mut data = ["__set__", "__delete__"].into_iter();
        DesignKind::Descriptor {
            data: data.find(|method| class.defines(method)),
            attributes: attributes.collect(),
        }
    }

    /// Where a singleton keeps its instance. `class` is the one that is looked at.
    fn home(&self, singleton: &Singleton<'p>, class: Option<Class<'p>>) -> Home {
        self.home_of(singleton.storage, class.or(singleton.class))
    }

    /// The place that an expression names: where it is defined, else where it stands.
    fn home_of(&self, storage: Site<'p>, class: Option<Class<'p>>) -> Home {
        // a table's entry lives in the table
        let mut kept = storage;
        while kept.node.kind() == Kind::Subscript {
            let Some(table) = kept.child(Field::Value) else {
                break;
            };
            kept = table;
        }
        let is_table = kept != storage || kept.node.field() == Field::Object;
        let (name, defined) = match kept.child(Field::Object) {
            Some(object) => self.attribute(kept, object, class, is_table),
            None => (kept.text().to_owned(), defined(kept)),
        };
        Home {
            name,
            place: (self.place)(defined.unwrap_or(kept)),
        }
    }

    /// An attribute of the class that a method is for: its name, and where a class body defines it. Others as they are spelled. A table is found where it is
    /// defined; what is stored to an attribute is the class's own.
    fn attribute(
        &self,
        kept: Site<'p>,
        object: Site<'p>,
        class: Option<Class<'p>>,
        is_table: bool,
    ) -> (String, Option<Site<'p>>) {
        let attribute = kept.node.child(Field::Attribute).map_or("", Node::text);
        let keeper = Function::around(kept);
        let is_own = keeper.and_then(Function::first_parameter) == Some(object.text());
        let owner = match self.project.evaluate(object) {
            Value::Class(named) if !is_own => Some(named),
            _ => class.filter(|_| is_own),
        };
        let Some(owner) = owner else {
            return (kept.text().to_owned(), None);
        };
        // a metaclass's attributes are found through its classes
        let metaclass = keeper.and_then(Function::class);
        let mut bases = self.project.mro(owner).classes;
        bases.extend(metaclass.map(ClassValue::Known));
        let defined = bases.iter().find_map(|base| match base {
            ClassValue::Known(base) => {
                let first = base.site.members_named(attribute).into_iter().next()?;
                Some((*base, first.name))
            }
            ClassValue::External(_) => None,
        });
        let holder = match defined {
            Some((base, _)) if is_table => base,
            _ => owner,
        };
        let name = format!("{}.{attribute}", holder.name());
        (name, defined.map(|(_, name)| name))
    }

    /// The calls over all files that construct a class.
    fn constructions(&self, class: Class<'p>) -> Vec<Site<'p>> {
        let files = self.project.files();
        let found = files.flat_map(|file| self.project.constructions_in(file, class));
        found.collect()
    }

    fn places(&self, sites: Vec<Site<'p>>) -> Vec<String> {
        let sites = self.sorted(sites);
        sites.into_iter().map(|site| (self.place)(site)).collect()
    }

    /// `App line 9`.
    fn named(&self, classes: Vec<Class<'p>>) -> Vec<String> {
        let sites = classes.into_iter().map(|class| class.site).collect();
        let classes = self.sorted(sites).into_iter().map(|site| {
            let name = site.node.child(Field::Name);
            let place = (self.place)(name.map_or(site, |name| site.with(name)));
            format!("`{}` {place}", name.map_or("", Node::text))
        });
        classes.collect()
    }

    /// In the order of files and lines, those of the file that is looked at first.
    fn sorted(&self, mut sites: Vec<Site<'p>>) -> Vec<Site<'p>> {
        sites.sort_by_key(|site| {
            let elsewhere = !std::ptr::eq(site.file, self.from);
            (elsewhere, site.file.path().as_path(), site.range().start)
        });
        sites
    }
}

fn design(name: &str, kind: DesignKind) -> Design {
    Design {
        name: name.to_owned(),
        kind,
    }
}

/// The first place that binds a name.
fn defined(name: Site<'_>) -> Option<Site<'_>> {
    match name.resolve() {
        Resolution::Local(bindings) | Resolution::Module(bindings) => {
            bindings.first().map(|bound| bound.name)
        }
        Resolution::Free => None,
    }
}
