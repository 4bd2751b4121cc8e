//! The targets of assignments and loops: a name, an attribute, an item, or several of them get the object that is followed, or what is in it.

use super::{Tracker, View};
use crate::facts::Site;
use crate::project::{ClassValue, Function, Reach, Value};
use crate::syntax::{Field, Kind, Node};

impl<'p> Tracker<'p> {
    /// For `a, b = x, y`: the value goes to the name at its own place. Whether it was that.
    pub(super) fn step_unpacking(&mut self, display: Site<'p>, site: Site<'p>, view: View) -> bool {
        let assignment = display.node.parent().filter(|parent| {
            parent.kind() == Kind::Assignment && display.node.field() == Field::Right
        });
        let Some(left) = assignment.and_then(|assignment| assignment.child(Field::Left)) else {
            return false;
        };
        let is_splat = |node: Node<'_>| matches!(node.kind(), Kind::ListSplat | Kind::SplatPattern);
        if !matches!(left.kind(), Kind::PatternList | Kind::Tuple | Kind::List)
            || left.children().any(is_splat)
            || display.node.children().any(is_splat)
        {
            return false;
        }
        let place = display.node.children().position(|child| child == site.node);
        if let Some(target) = place.and_then(|place| left.children().nth(place)) {
            self.bind(display.with(target), view);
        }
        true
    }

    pub(super) fn step_assignment(&mut self, assignment: Site<'p>, view: View) {
        let mut current = Some(assignment);
        while let Some(assignment) = current {
            if let Some(left) = assignment.child(Field::Left) {
                self.bind(left, view);
            }
            // `a = b = value`
            current = assignment
                .node
                .parent()
                .filter(|parent| parent.kind() == Kind::Assignment)
                .map(|parent| assignment.with(parent));
        }
    }

    /// Follows the object into a target that is bound to it.
    pub(super) fn bind(&mut self, target: Site<'p>, view: View) {
        let mut targets = vec![(target, view)];
        while let Some((target, view)) = targets.pop() {
            match target.node.kind() {
                Kind::Name => self.follow_binding(target, view),
                Kind::Attribute => match self.setter_of(target) {
                    Some(setter) => match setter.parameters().nth(1) {
                        Some(parameter) => self.enter(parameter, target.statement(), view),
                        None => self.note(Reach::PassedOn, view, target.statement()),
                    },
                    None => {
                        self.note(Reach::Stored, view, target.statement());
                        self.follow_stored(target, view);
                    }
                },
                Kind::Subscript => self.note(Reach::Stored, view, target.statement()),
                Kind::PatternList | Kind::Tuple | Kind::List | Kind::Parenthesized => {
                    let inner = match target.node.kind() {
                        Kind::Parenthesized => view,
                        // one of several things that a tuple holds: which of the names gets it is not known
                        _ if view.level < 0 => view.element().copied(),
                        _ => view.element(),
                    };
                    targets.extend(
                        target
                            .node
                            .children()
                            .map(|node| (target.with(node), inner)),
                    );
                }
                _ => {}
            }
        }
    }

    /// The setter that an assignment to an attribute calls, of a property of a class of the project.
    fn setter_of(&self, attribute: Site<'p>) -> Option<Function<'p>> {
        let name = attribute.node.child(Field::Attribute)?.text();
        match self.project.evaluate(attribute.child(Field::Object)?) {
            Value::Instance(ClassValue::Known(class)) => self.project.setter(class, name),
            _ => None,
        }
    }

    /// The object was stored on `self.name`.
    fn follow_stored(&mut self, attribute: Site<'p>, view: View) {
        if !self.object.through_stores {
            return;
        }
        let (Some(object), Some(name)) = (
            attribute.child(Field::Object),
            attribute.node.child(Field::Attribute),
        ) else {
            return;
        };
        if let Value::Instance(ClassValue::Known(class)) | Value::Class(class) =
            self.project.evaluate(object)
        {
            self.follow_attribute(class, name.text(), view);
        }
    }
}

/// The target that gets what is in an argument, where a loop walks several things at once: `node` in `for count, node in enumerate(nodes)`, `a` in `for a, b in zip(nodes, others)`.
pub(super) fn walked_by<'p>(
    function: &str,
    argument: Site<'p>,
    call: Site<'p>,
) -> Option<Site<'p>> {
    let walk = call.node.parent().filter(|walk| {
        matches!(walk.kind(), Kind::For | Kind::ForInClause) && call.node.field() == Field::Right
    });
    let left = walk?.child(Field::Left)?;
    let targets: Vec<Node<'_>> = left.children().collect();
    let given = call.node.child(Field::Arguments)?.children();
    let given: Vec<Node<'_>> = given
        .filter(|given| given.kind() != Kind::KeywordArgument)
        .collect();
    let mut parts = targets.iter().chain(&given);
    if !matches!(left.kind(), Kind::PatternList | Kind::Tuple | Kind::List)
        || parts.any(|part| matches!(part.kind(), Kind::ListSplat | Kind::SplatPattern))
    {
        return None;
    }
    let at = given.iter().position(|given| *given == argument.node)?;
    let target = match function {
        "builtins.enumerate" if at == 0 && targets.len() == 2 => targets[1],
        "builtins.zip" if targets.len() == given.len() => targets[at],
        _ => return None,
    };
    Some(call.with(target))
}
