//! Properties: what reading an attribute runs, and what storing to it runs.

use super::{Class, ClassValue, Function, Project};
use crate::facts::Site;
use crate::syntax::{Field, Kind, Node};

impl Project {
    /// The functions that are run where an attribute of an object of a class stands: a property's getter, its setter, or both.
    pub(super) fn accessors<'p>(
        &'p self,
        class: Class<'p>,
        attribute: Site<'p>,
    ) -> impl Iterator<Item = Function<'p>> {
        let name = attribute
            .node
            .child(Field::Attribute)
            .map_or("", Node::text);
        let (reads, stores) = access(attribute.node);
        let getter = reads.then(|| self.getter(class, name)).flatten();
        let setter = stores.then(|| self.setter(class, name)).flatten();
        getter.into_iter().chain(setter)
    }

    /// The getter of a property of a class, its own or inherited.
    pub(super) fn getter<'p>(&'p self, class: Class<'p>, name: &str) -> Option<Function<'p>> {
        let is_getter =
            |function: &Function<'p>| function.has_decorator(self, &["builtins.property"]);
        self.definitions(class, name).into_iter().rfind(is_getter)
    }

    /// The setter of a property of a class, its own or inherited.
    pub(super) fn setter<'p>(&'p self, class: Class<'p>, name: &str) -> Option<Function<'p>> {
        let is_setter = |function: &Function<'p>| {
            function.site.decorators().any(|decorator| {
                let (object, called) = (
                    decorator.node.child(Field::Object),
                    decorator.node.child(Field::Attribute),
                );
                object.is_some_and(|object| object.text() == name)
                    && called.is_some_and(|called| called.text() == "setter")
            })
        };
        self.definitions(class, name).into_iter().rfind(is_setter)
    }

    /// The functions of a name in the first class of the method resolution order that has the name, where that is a class of the project.
    fn definitions<'p>(&'p self, class: Class<'p>, name: &str) -> Vec<Function<'p>> {
        for ancestor in self.mro(class).classes {
            let ClassValue::Known(ancestor) = ancestor else {
                break;
            };
            let members = ancestor.site.members_named(name);
            if !members.is_empty() {
                let functions = members.into_iter();
                return functions
                    .filter_map(|member| Function::at(member.value()?))
                    .collect();
            }
        }
        Vec::new()
    }
}

/// Whether an attribute is read where it stands, and whether something is stored to it.
fn access(attribute: Node<'_>) -> (bool, bool) {
    let parent = attribute.parent();
    match (parent.map(Node::kind), attribute.field()) {
        (Some(Kind::AugmentedAssignment), Field::Left) => (true, true),
        (Some(Kind::Assignment), Field::Left) => {
            // an annotation alone stores nothing
            let value = parent.and_then(|parent| parent.child(Field::Right));
            (false, value.is_some())
        }
        (Some(Kind::For | Kind::ForInClause), Field::Left) => (false, true),
        (Some(Kind::Delete), _) => (false, false),
        _ => (true, false),
    }
}
