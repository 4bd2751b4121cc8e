//! What is bound in a module's scope, over all segments of its file.

use std::sync::Arc;

use super::super::segment::SegmentFacts;
use super::super::site::Site;
use super::super::{Binding, BindingKind, Subjects};
use super::FileFacts;
use crate::syntax::{CutKind, Kind, Outline};

/// A binding by segment and number.
#[derive(Clone, Copy, Debug)]
pub(super) struct BindingRef {
    pub(super) segment: usize,
    binding: usize,
}

/// A binding, and the node that it binds.
#[derive(Clone, Copy)]
pub struct BindingSite<'f> {
    /// The name that is bound.
    pub name: Site<'f>,
    pub binding: &'f Binding,
}

impl<'f> BindingSite<'f> {
    /// What is bound, where there is such a node.
    pub fn value(&self) -> Option<Site<'f>> {
        self.binding
            .value
            .map(|value| self.name.with(self.name.node.tree().node(value)))
    }
}

impl FileFacts {
    /// Where a name is bound in the module's scope, in source order; also by `global` in a function.
    pub fn module_bindings(&self, name: &str) -> Vec<BindingSite<'_>> {
        let known = self
            .module_bindings
            .lock()
            .ok()
            .and_then(|known| known.get(name).cloned());
        let refs = known.unwrap_or_else(|| {
            let refs = self.find_module_bindings(name);
            if let Ok(mut known) = self.module_bindings.lock() {
                known.insert(name.into(), Arc::clone(&refs));
            }
            refs
        });
        refs.iter()
            .map(|found| self.binding_site(found.segment, found.binding))
            .collect()
    }

    fn find_module_bindings(&self, name: &str) -> Arc<[BindingRef]> {
        let segments = match self.tops_binding(name) {
            Some(mut segments) => {
                if self.subjects.intersects(Subjects::GLOBAL) {
                    let binds_above = |index: &usize| binds_global(self.segment(*index), name);
                    let holding = self.segments_holding(name).into_iter();
                    segments.extend(holding.filter(binds_above));
                }
                segments.sort_unstable();
                segments.dedup();
                segments
            }
            None => {
                let all = 0..self.segments.len();
                all.filter(|index| may_bind(self.segment(*index), name))
                    .collect()
            }
        };
        let mut found = Vec::new();
        for index in segments {
            let facts = self.segment(index);
            let body = facts.body();
            let bindings = body.bindings_of(name).into_iter();
            let in_module =
                bindings.filter(|&number| binds_in_module(facts, &body.bindings[number]));
            found.extend(in_module.map(|binding| BindingRef {
                segment: index,
                binding,
            }));
        }
        found.into()
    }

    /// The binding with this number in a segment.
    pub fn binding_site(&self, segment: usize, binding: usize) -> BindingSite<'_> {
        let body = self.segment(segment).body();
        let binding = &body.bindings[binding];
        BindingSite {
            name: Site {
                file: self,
                segment,
                node: body.tree.node(binding.name),
            },
            binding,
        }
    }

    /// The modules' `from … import *` statements.
    pub fn star_imports(&self) -> impl Iterator<Item = Site<'_>> {
        let holds_one = |index: &usize| {
            let facts = self.segment(*index);
            match facts.outline() {
                Outline::StarImport => true,
                Outline::Other => facts.holds_star_import(),
                _ => false,
            }
        };
        let all = 0..self.segments.len();
        let segments = self
            .star_imports
            .get_or_init(|| all.filter(holds_one).collect());
        segments.iter().flat_map(move |&index| {
            let root = self.root(index);
            root.node
                .descendants()
                .filter(|node| node.kind() == Kind::WildcardImport)
                .filter_map(move |node| Some(root.with(node.parent()?)))
        })
    }
}

/// Whether a segment may bind a name in the module's scope. The word is not noted as looked for: segments that are alike bind the same.
fn may_bind(facts: &SegmentFacts, name: &str) -> bool {
    facts.kind() != CutKind::Member && may_bind_on_top(facts, name) || binds_global(facts, name)
}

/// Whether a function of a segment may bind a name in the module's scope.
fn binds_global(facts: &SegmentFacts, name: &str) -> bool {
    facts.silent_subjects().intersects(Subjects::GLOBAL) && facts.holds(name)
}

/// Whether a segment's first statement, or what stands beside it on the same level, may bind a name.
pub(in crate::facts) fn may_bind_on_top(facts: &SegmentFacts, name: &str) -> bool {
    match facts.outline() {
        Outline::Function(own) | Outline::Class(own) => own.as_ref() == name,
        Outline::Empty | Outline::StarImport => false,
        Outline::Assignment(_) | Outline::Import | Outline::Other => facts.holds(name),
    }
}

/// Whether a binding of a segment is one of the module's scope: made there, or in a function that declares the name `global`.
fn binds_in_module(facts: &SegmentFacts, binding: &Binding) -> bool {
    use BindingKind::{Global, Nonlocal};
    match binding.kind {
        Global | Nonlocal => false,
        _ if binding.scope == 0 => facts.kind() != CutKind::Member,
        _ => facts.body().is_global(binding),
    }
}
