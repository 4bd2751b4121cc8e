//! The method resolution order of a class: the C3 linearisation of its bases, as far as they are known.

use super::external;
use crate::project::{ClassValue, Project, stdlib};

/// A method resolution order, as far as it is known.
#[derive(Clone, Debug)]
pub struct Mro<'p> {
    /// The class itself first, `object` left out. Where a base is not known: what can be said without it.
    pub classes: Vec<ClassValue<'p>>,
    pub(in crate::project) complete: bool,
    /// Whether the bases have no common linearisation.
    pub inconsistent: bool,
}

impl Mro<'_> {
    /// Whether every class in it is known.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

/// How deep a hierarchy is followed; also what ends a cycle.
pub(in crate::project) const DEPTH: usize = 48;

impl Project {
    /// A method resolution order, worked out from the bases.
    pub(in crate::project) fn linearised<'p>(&'p self, class: &ClassValue<'p>) -> Mro<'p> {
        self.linearise(class, &mut Vec::new(), &mut Vec::new())
    }

    fn direct_bases<'p>(&'p self, class: &ClassValue<'p>) -> (Vec<ClassValue<'p>>, bool) {
        match class {
            ClassValue::Known(class) => {
                let bases: Vec<_> = self
                    .bases_of(*class)
                    .into_iter()
                    .map(|base| base.1)
                    .collect();
                let complete = bases.iter().all(Option::is_some) && !class.has_unknown_keywords();
                (bases.into_iter().flatten().collect(), complete)
            }
            ClassValue::External(name) => match stdlib::bases(name) {
                Some(bases) => (bases.iter().map(|base| external(base)).collect(), true),
                None => (Vec::new(), false),
            },
        }
    }

    /// `below` are the classes that it is done for: what derives from itself is not known. `done` are those that it was done for: many ways may lead to one class.
    fn linearise<'p>(
        &'p self,
        class: &ClassValue<'p>,
        below: &mut Vec<ClassValue<'p>>,
        done: &mut Vec<(ClassValue<'p>, Mro<'p>)>,
    ) -> Mro<'p> {
        if let Some((_, known)) = done.iter().find(|(other, _)| other == class) {
            return known.clone();
        }
        let own = vec![class.clone()];
        if below.len() > DEPTH || below.contains(class) {
            return Mro {
                classes: own,
                complete: false,
                inconsistent: false,
            };
        }
        let (bases, mut complete) = self.direct_bases(class);
        let bases: Vec<_> = bases.into_iter().filter(|base| !is_object(base)).collect();
        let mut sequences: Vec<Vec<ClassValue<'p>>> = Vec::new();
        below.push(class.clone());
        for base in &bases {
            let mro = self.linearise(base, below, done);
            complete &= mro.complete;
            sequences.push(mro.classes);
        }
        below.pop();
        sequences.push(bases);
        let mro = match merge(sequences.clone()) {
            Some(rest) => Mro {
                classes: own.into_iter().chain(rest).collect(),
                complete,
                inconsistent: false,
            },
            None => {
                let mut classes = own;
                for other in sequences.into_iter().flatten() {
                    if !classes.contains(&other) {
                        classes.push(other);
                    }
                }
                Mro {
                    classes,
                    complete,
                    inconsistent: true,
                }
            }
        };
        if !below.is_empty() {
            done.push((class.clone(), mro.clone()));
        }
        mro
    }

    /// The order that C3 gives classes that have these bases, themselves left out; None where there is none.
    pub fn order_of<'p>(&'p self, bases: &[ClassValue<'p>]) -> Option<Vec<ClassValue<'p>>> {
        let mut sequences: Vec<Vec<ClassValue<'p>>> = Vec::new();
        for base in bases {
            let mro = self.mro_of(base);
            if mro.inconsistent {
                return None;
            }
            sequences.push(mro.classes);
        }
        sequences.push(bases.to_vec());
        merge(sequences)
    }

    /// Whether a class is another, or has it in its MRO, by qualified name. None where the hierarchy is not known well enough to say no.
    pub fn derives_from<'p>(&'p self, class: &ClassValue<'p>, ancestor: &str) -> Option<bool> {
        let mro = self.mro_of(class);
        if mro
            .classes
            .iter()
            .any(|class| self.qualified_class(class).as_ref() == ancestor)
        {
            return Some(true);
        }
        mro.complete.then_some(false)
    }
}

fn is_object(class: &ClassValue<'_>) -> bool {
    matches!(class, ClassValue::External(name) if name.as_ref() == "builtins.object")
}

/// The C3 merge. None where there is no linearisation.
pub(in crate::project) fn merge<T: Clone + PartialEq>(
    mut sequences: Vec<Vec<T>>,
) -> Option<Vec<T>> {
    let mut merged = Vec::new();
    // one base and its order
    if let [order, bases] = &sequences[..]
        && bases.as_slice() == order.get(..1).unwrap_or_default()
    {
        return Some(order.clone());
    }
    loop {
        sequences.retain(|sequence| !sequence.is_empty());
        if sequences.is_empty() {
            return Some(merged);
        }
        let in_tail = |class: &T| {
            sequences
                .iter()
                .any(|sequence| sequence[1..].contains(class))
        };
        let next = sequences
            .iter()
            .map(|sequence| &sequence[0])
            .find(|head| !in_tail(head))?
            .clone();
        for sequence in &mut sequences {
            if sequence[0] == next {
                sequence.remove(0);
            }
        }
        merged.push(next);
    }
}
